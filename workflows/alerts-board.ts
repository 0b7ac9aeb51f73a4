import type { AlertStatus } from '../src/contracts/alerts.ts';
import { table } from './markdown.ts';

/** What is known before the files were read. */
export const NO_ALERTS: AlertStatus = {
  at: '1970-01-01T00:00:00.000Z',
  firing: [],
  count: 0,
  undecided: [],
  silences: [],
  pending: 0,
  recent: [],
  refused: null,
};

export function describeAlerts(status: AlertStatus, trouble: string): string {
  const { firing, count, undecided, silences, pending, recent, at, refused } = status;
  const parts = [
    `**${count === 0 ? 'Nothing fires' : `${count} fire`}** (${pending} to be sent; as of ${at})`,
  ];
  if (trouble !== '') parts.push(`**${trouble}**`);
  if (refused !== null) parts.push(`**${refused}**`);
  if (firing.length > 0) {
    const rows = firing.map((each) => [
      each.rule,
      [each.model, ...Object.values(each.labels)].join(' '),
      each.severity,
      each.since,
      each.because ?? '',
      each.says,
      [
        ...(each.acknowledgedBy === null ? [] : [`acknowledged by ${each.acknowledgedBy}`]),
        ...(each.silencedUntil === null ? [] : [`silenced until ${each.silencedUntil}`]),
        ...each.notSent.map((channel) => `not sent: no channel ${channel}`),
      ].join(', '),
    ]);
    parts.push(table(['rule', 'of', 'severity', 'since', 'because', 'says', ''], rows));
  }
  if (undecided.length > 0)
    parts.push(
      table(
        ['undecided rule', 'of', 'why'],
        undecided.map(({ rule, model, why }) => [rule, model, why]),
      ),
    );
  if (silences.length > 0) {
    const rows = silences.map(({ rule, model, until, by, why }) => [
      rule ?? 'all',
      model ?? 'all',
      until,
      by,
      why,
    ]);
    parts.push(table(['silenced rule', 'of', 'until', 'by', 'why'], rows));
  }
  if (recent.length > 0) {
    const rows = recent.map(({ at: when, what, rule, model, by, says }) => [
      when,
      what,
      `${rule ?? ''} ${model ?? ''}`,
      by,
      says,
    ]);
    parts.push(table(['at', 'what', 'of', 'by', 'says'], rows));
  }
  return parts.join('\n\n');
}
