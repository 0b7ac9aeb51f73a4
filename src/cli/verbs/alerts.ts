import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import {
  acknowledgeRequest,
  silenceRequest,
  type AlertMessage,
  type AlertStatus,
} from '../../contracts/alerts.ts';
import { BadInputError, quoted } from '../../errors.ts';
import { alertLines, checkLines } from '../alerts-view.ts';
import { decimal, defineVerb } from '../flags.ts';
import { checkInput } from '../input.ts';
import { perform, type Answer, type Session } from '../session.ts';
import { refreshAlerts } from '../refresh-alerts.ts';

interface Options {
  rule?: string;
  model?: string;
  incident?: string;
  hours?: number;
  until?: string;
  by?: string;
  reason?: string;
}

type Work = (session: Session, options: Options, channel: string | undefined) => Promise<Answer>;
const WORK: Record<string, Work> = { show, check, test, ack, silence, unsilence };

export function defineAlerts(program: Command): void {
  defineVerb(
    program,
    'alerts [what] [channel]',
    'What fires and who was told (`show`); `check` rules and channels, `test` a channel, `ack` what fires, `silence` and `unsilence` rules and models.',
    [
      'alerts',
      'alerts check',
      'alerts test slack',
      'alerts ack --rule high_drift --reason "looking at it"',
      'alerts silence --model day-ahead --hours 8 --reason "works on the grid"',
    ],
  )
    .option('--rule <name>', 'ack, silence: of this rule only')
    .option('--model <name>', 'ack, silence: of this model only')
    .option('--incident <id>', 'ack: this one only')
    .option('--hours <number>', 'silence: for so long from now', decimal)
    .option('--until <moment>', 'silence: until then, such as 2026-12-01T06 (UTC)')
    .option('--by <who>', 'who asks (default: the name of this user)')
    .option('--reason <text>', 'kept in the audit')
    .action(
      perform<Options>((session, options, [what = 'show', channel]) => {
        const work = WORK[what];
        if (work) return work(session, options, channel);
        const known = Object.keys(WORK).join(', ');
        throw new BadInputError(`Alerts cannot be asked to ${quoted(what)}.`, `Use one of ${known}.`);
      }),
    );
}

/** Exit code 1 while something fires, so that a script can ask. */
async function show(session: Session): Promise<Answer> {
  const home = await session.home();
  const [{ readAlerts }, { statusOf }, { readBeat }] = await Promise.all([
    import('../../alerts/store.ts'),
    import('../../alerts/turn.ts'),
    import('../../alerts/beat.ts'),
  ]);
  const state = await readAlerts(home);
  const status = statusOf(state, Date.now());
  const beat = await readBeat(home);
  const unsent = state.outbox.filter((each) => each.state !== 'sent');
  const deliveries = unsent.map(({ id, channel, notice, state: where, attempts, says }) => {
    return { id, channel, kind: notice.kind, rule: notice.rule, state: where, attempts, says };
  });
  return {
    json: { ...status, deliveries, watchdog: beat ?? null },
    text: alertLines(status, deliveries, beat, Date.now()),
    exitCode: status.count > 0 ? 1 : 0,
  };
}

async function check(session: Session): Promise<Answer> {
  const { checkAlerts } = await import('../../alerts/check.ts');
  const found = await checkAlerts(await session.home(), session.config, { signal: session.signal });
  return { json: found, text: checkLines(found), exitCode: found.ok ? 0 : 1 };
}

async function test(session: Session, _: Options, channel: string | undefined): Promise<Answer> {
  if (channel === undefined)
    throw new BadInputError('No channel is named.', 'Name one, such as `alerts test slack`.');
  const { sendTest } = await import('../../alerts/test-notice.ts');
  const { id, says } = await sendTest(await session.home(), session.config, {
    channel,
    signal: session.signal,
  });
  return { json: { channel, id, says }, text: `${channel} has taken ${id}${says === '' ? '' : `: ${says}`}` };
}

function ack(session: Session, { rule, model, incident, ...options }: Options): Promise<Answer> {
  const body = checkInput(
    acknowledgeRequest,
    { rule, model, incident, ...claim(options) },
    { why: '--reason' },
  );
  return ask(session, { kind: 'acknowledge', id: randomUUID(), body });
}

function silence(session: Session, { rule, model, hours, until, ...options }: Options): Promise<Answer> {
  if ((hours === undefined) === (until === undefined))
    throw new BadInputError('It is not said until when.', 'Give --hours 8, or --until 2026-12-01T06.');
  if (hours !== undefined && !(hours > 0 && hours <= 8760))
    throw new BadInputError(
      `--hours ${hours} is no time to be silent for.`,
      'Give more than 0, at most 8760.',
    );
  const end = until ?? new Date(Date.now() + hours! * 3_600_000).toISOString();
  const body = checkInput(
    silenceRequest,
    { rule, model, until: end, ...claim(options) },
    { why: '--reason' },
  );
  if (Date.parse(/T\d\d$/.test(end) ? `${end}:00Z` : end) <= Date.now())
    throw new BadInputError(
      `--until ${end} has passed.`,
      'Give a moment to come; `alerts unsilence` ends a silence.',
    );
  return ask(session, { kind: 'silence', id: randomUUID(), body });
}

function unsilence(session: Session, { rule, model, ...options }: Options): Promise<Answer> {
  const given = { rule, model, until: '1970-01-01T00', ...claim(options) };
  return ask(session, { kind: 'silence', id: randomUUID(), body: checkInput(silenceRequest, given) });
}

const claim = ({ by, reason }: Options) => ({ by: by ?? userInfo().username, why: reason });

/**
 * Changes the files themselves, so that it works while the services are down, which is when it is needed most. What
 * there is to be sent of it is sent here, too; the workflow is only told to look again.
 */
async function ask(session: Session, message: AlertMessage): Promise<Answer> {
  const [{ turnAlerts }, { sendWaiting }] = await Promise.all([
    import('../../alerts/turn.ts'),
    import('../../alerts/send-waiting.ts'),
  ]);
  const { home, config, signal, log } = await session.stageContext();
  const { answers, status, pending } = await turnAlerts({ home, config, now: Date.now() }, [message]);
  const { says, refused } = answers[0]!;
  if (refused) throw new BadInputError(says, '`alerts` shows what there is.');
  await sendWaiting({ home, config, signal, log, now: Date.now, by: `cli/${process.pid}` }, pending);
  await refreshAlerts(session);
  return { json: { says, status: status satisfies AlertStatus }, text: says };
}
