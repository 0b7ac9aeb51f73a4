import type { Command } from 'commander';
import { z } from 'zod';
import { hourStamp } from '../../contracts/time.ts';
import { defineVerb } from '../flags.ts';
import { checkInput } from '../input.ts';
import { perform, type Answer, type Session } from '../session.ts';
import { table } from '../table.ts';

/** The shortest time that anything here is late by is hours. */
const EVERY_MS = 60_000;

export function defineWatchdog(program: Command): void {
  defineVerb(
    program,
    'watchdog',
    'Watch that what is scheduled happens, by the files of the home alone, and alert when it does not. `up` runs one.',
    ['watchdog', 'watchdog --once', 'watchdog --once --as-of 2019-03-10T00'],
  )
    .option('--once', 'look once and end; exit code 1 when something is late')
    .option('--as-of <hour>', 'with --once: look as of that hour (UTC), of a simulation')
    .action(
      perform<{ once?: boolean; asOf?: string }>(async (session, options) => {
        const { once, asOf } = checkInput(
          z
            .strictObject({ once: z.boolean().default(false), asOf: hourStamp.optional() })
            .refine((given) => given.once || given.asOf === undefined, {
              path: ['asOf'],
              message: 'goes with --once: a watch goes by the real clock',
            }),
          { once: options.once, asOf: options.asOf },
        );
        return once ? lookOnce(session, asOf) : watch(session);
      }),
    );
}

async function watchdogOf(session: Session) {
  const { Watchdog } = await import('../../alerts/watchdog.ts');
  const { home, log } = await session.stageContext();
  const { config, signal } = session;
  return { log, watchdog: new Watchdog({ home, config, signal, log, by: `watchdog/${process.pid}` }) };
}

async function lookOnce(session: Session, asOf: string | undefined): Promise<Answer> {
  const { watchdog } = await watchdogOf(session);
  const moment = asOf === undefined ? undefined : Date.parse(`${asOf}:00:00Z`);
  const { standings, turn } = await watchdog.look(Date.now(), moment);
  const late = standings.filter((each) => each.lateHours > each.graceHours);
  const rows = standings.map((each) => [
    each.schedule,
    each.paused ? 'paused' : late.includes(each) ? 'late' : each.dueAt ? 'due' : 'in time',
    each.dueAt?.toISOString().slice(0, 16) ?? '-',
    each.lateHours.toFixed(1),
    String(each.graceHours),
    each.lastRunAt?.slice(0, 16) ?? '-',
  ]);
  const head = ['schedule', 'state', 'due since', 'hours late', 'may be', 'last run for'];
  return {
    json: { standings, alerts: turn.status },
    text:
      rows.length > 0
        ? table(head, rows)
        : 'nothing is scheduled that could be late; `schedules apply` schedules it',
    exitCode: late.length > 0 ? 1 : 0,
  };
}

async function watch(session: Session): Promise<undefined> {
  const { until } = await import('../until.ts');
  // Who waits for it to be there need not wait for its libraries.
  session.print({ json: { msg: 'ready', ready: true, name: 'watchdog' }, text: 'watching; Ctrl-C ends it' });
  const { watchdog, log } = await watchdogOf(session);
  const { messageOf } = await import('../../errors.ts');
  while (!session.signal.aborted) {
    await watchdog.look(Date.now()).catch((error: unknown) => {
      // A full disk or a damaged file is no reason to stop watching: it may be cured.
      if (!session.signal.aborted) log.error({ reason: messageOf(error) }, 'it could not look');
    });
    await until(AbortSignal.any([session.signal, AbortSignal.timeout(EVERY_MS)]));
  }
  return undefined;
}
