import type { Beat } from '../alerts/beat.ts';
import type { Check } from '../alerts/check.ts';
import type { AlertStatus } from '../contracts/alerts.ts';
import { table } from './table.ts';
import { counted } from '../errors.ts';

export interface Unsent {
  channel: string;
  kind: string;
  rule: string;
  state: string;
  attempts: number;
  says: string;
}

const RECENT_SHOWN = 10;
const UNSENT_SHOWN = 20;
/** It looks every minute. */
const WATCHDOG_SILENT_MS = 10 * 60_000;

const minutes = (moment: string) => moment.slice(0, 16);

export function alertLines(
  { firing, count, silences, undecided, recent }: AlertStatus,
  unsent: readonly Unsent[],
  beat: Beat | undefined,
  now: number,
): string[] {
  const lines = [count === 0 ? 'nothing fires' : `${count} fire:`];
  if (firing.length > 0) {
    const rows = firing.map((each) => [
      each.rule,
      [each.model, ...Object.values(each.labels)].join(' '),
      each.severity,
      minutes(each.since),
      each.acknowledgedBy ?? '-',
      each.silencedUntil === null ? '-' : minutes(each.silencedUntil),
      each.because ?? '-',
      each.says,
    ]);
    lines.push(
      table(['rule', 'of', 'severity', 'since', 'acknowledged', 'silenced until', 'because', 'says'], rows),
    );
  }
  const sections: [string, string[], string[][]][] = [
    [
      'told nobody yet, or never:',
      ['rule', 'what', 'channel', 'state', 'attempts', 'why'],
      unsent
        .slice(-UNSENT_SHOWN)
        .map((each) => [each.rule, each.kind, each.channel, each.state, String(each.attempts), each.says]),
    ],
    [
      'silenced:',
      ['rule', 'model', 'until', 'by', 'why'],
      silences.map(({ rule, model, until, by, why }) => [
        rule ?? 'all',
        model ?? 'all',
        minutes(until),
        by,
        why,
      ]),
    ],
    [
      'neither true nor false:',
      ['rule', 'model', 'why'],
      undecided.map(({ rule, model, why }) => [rule, model, why]),
    ],
    [
      'recently:',
      ['at', 'what', 'rule', 'model', 'by', 'says'],
      recent
        .slice(0, RECENT_SHOWN)
        .map(({ at, what, rule, model, by, says }) => [
          minutes(at),
          what,
          rule ?? '-',
          model ?? '-',
          by,
          says,
        ]),
    ],
  ];
  for (const [title, head, rows] of sections) if (rows.length > 0) lines.push('', title, table(head, rows));
  lines.push('', watchLine(beat, now));
  return lines;
}

export const isWatching = (beat: Beat, now: number) => now - Date.parse(beat.at) <= WATCHDOG_SILENT_MS;

export function watchLine(beat: Beat | undefined, now: number): string {
  if (!beat) return 'nobody has watched for absent work yet: `up` or `watchdog` does';
  const looked = `the watchdog looked at ${counted(beat.schedules, 'schedule')} at ${minutes(beat.at)}, ${beat.late} late`;
  return isWatching(beat, now) ? looked : `${looked}; nobody watches since: \`up\` or \`watchdog\` does`;
}

export function checkLines({ rules, channels, ok }: Check): string[] {
  const rows = rules.map(({ rule, condition, channels: told }) => [rule, condition, told.join(', ')]);
  const doors = channels.map(({ channel, kind, trouble }) => [channel, kind, trouble ?? 'can be reached']);
  return [
    table(['rule', 'condition', 'tells'], rows),
    '',
    doors.length > 0
      ? table(['channel', 'kind', 'state'], doors)
      : 'no channel is configured: nobody is told of anything (docs/alerts.md)',
    ...(ok ? [] : ['', 'not all that fires would arrive:']),
    ...rules.flatMap(({ rule, missing }) =>
      missing.length === 0 ? [] : [`  ${rule}: no channel ${missing.join(', ')}`],
    ),
    ...rules.flatMap(({ rule, unseen }) =>
      unseen.length === 0 ? [] : [`${rule}: nobody has observed ${unseen.join(', ')} so far`],
    ),
  ];
}
