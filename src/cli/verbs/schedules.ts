import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { BadInputError, counted, quoted } from '../../errors.ts';
import type { ClockChange } from '../../jobs/cron.ts';
import { defineVerb, integer } from '../flags.ts';
import { momentOf } from '../moment.ts';
import { perform, type Answer, type Session } from '../session.ts';
import { table } from '../table.ts';
import { withTemporal, type TemporalPlace } from '../temporal-session.ts';

interface Options {
  count: number;
  timeZone?: string;
  prune?: boolean;
  by?: string;
  reason?: string;
  from?: string;
  to?: string;
}

type Work = (session: Session, options: Options, args: string[]) => Promise<Answer>;

const WORK: Record<string, Work> = {
  preview,
  apply,
  list,
  pause: onOne('pause', async (control, place, id, actor) => {
    await control.pauseSchedule(place.client, id, actor);
    return { json: { id, paused: true }, text: `${id} is paused: no run starts until it is unpaused` };
  }),
  unpause: onOne('unpause', async (control, place, id, actor) => {
    await control.unpauseSchedule(place.client, id, actor);
    return { json: { id, paused: false }, text: `${id} is active again` };
  }),
  trigger: onOne('trigger', async (control, place, id, actor) => {
    await control.triggerSchedule(place.client, id, actor);
    return { json: { id, triggered: true }, text: `${id}: a run starts now; \`jobs\` shows it` };
  }),
  backfill: onOne('backfill', async (control, place, id, actor, options) => {
    const from = momentOf(required(options.from, '--from'), '--from');
    const to = momentOf(required(options.to, '--to'), '--to', 'last');
    if (to < from) throw new BadInputError('--to is before --from.', 'Give them in order.');
    const times = await control.backfillSchedule(place.client, id, { from, to }, actor);
    const json = { id, times: times.map((time) => time.toISOString()) };
    return {
      json,
      text: `${id}: ${counted(times.length, 'run')}, one after another, each as of its own time`,
    };
  }),
};

export function defineSchedules(program: Command): void {
  defineVerb(
    program,
    'schedules <what> [args...]',
    'What is done for models again and again: `preview [FILE…]`, `apply [FILE…]`, `list`, and `pause`, `unpause`, `trigger` or `backfill` a schedule by its id. FILE is a YAML configuration (docs/schedules.md); default: those applied last, or the one that ships.',
    [
      'schedules preview --time-zone America/New_York',
      'schedules apply mine.yaml',
      'schedules pause retrain-day-ahead --reason "holidays"',
      'schedules backfill forecast-day-ahead --from 2019-03-01 --to 2019-03-07',
    ],
  )
    .option('--count <number>', 'times to preview', integer, 10)
    .option(
      '--time-zone <name>',
      "show times by this clock (default: preview by the schedule's own, list by UTC)",
    )
    .option('--prune', 'apply: remove the schedules of models that no file names')
    .option('--from <time>', 'backfill: 2019-03-01 or 2019-03-01T02:00, UTC')
    .option('--to <time>', 'backfill: included; a date means all of it')
    .option('--by <who>', 'who asks (default: the name of this user)')
    .option('--reason <text>', 'kept in the audit, and shown while a schedule is paused')
    .action(
      perform<Options>((session, options, [what = '', ...args]) => {
        const work = Object.hasOwn(WORK, what) ? WORK[what] : undefined;
        if (work) return work(session, options, args);
        throw new BadInputError(
          `Schedules cannot be asked to ${quoted(what)}.`,
          `Use ${Object.keys(WORK).join(', ')}.`,
        );
      }),
    );
}

async function preview(session: Session, { count, timeZone }: Options, files: string[]): Promise<Answer> {
  const { chosenConfigs } = await import('../../../schedules/config-files.ts');
  const { definitionsOf } = await import('../../../schedules/schedule.ts');
  const { checkTimeZone, clockChanges, nextTimes } = await import('../../jobs/cron.ts');
  const { localTime } = await import('../local-time.ts');
  if (timeZone !== undefined) checkTimeZone(timeZone);
  const configs = await chosenConfigs(await session.home(), files);
  const now = new Date();
  const schedules = configs
    .flatMap(({ config }) => definitionsOf(config))
    .map(({ id, cron, timeZone: zone, note }) => ({
      id,
      cron,
      timeZone: zone,
      note,
      next: nextTimes(cron, zone, now, count).map((at) => at.toISOString()),
      local: nextTimes(cron, zone, now, count).map((at) => localTime(at, timeZone ?? zone)),
      clockChanges: clockChanges(cron, zone, now),
    }));
  const text = schedules.flatMap(({ id, cron, timeZone: zone, note, next, local, clockChanges: changes }) => [
    `${id}  (${cron}, ${zone})  ${note}`,
    ...local.map((at, i) => `  ${at}  ${next[i]!.slice(0, 16)}Z`),
    ...changes.map(changeLine),
    '',
  ]);
  return { json: { schedules }, text: text.slice(0, -1) };
}

export function changeLine({ date, kind, at, certain }: ClockChange): string {
  if (kind === 'skipped') return `  ! ${date}: the clock skips ${at}, so that run does not come`;
  return certain
    ? `  ! ${date}: the clock shows ${at} twice, so that run comes twice`
    : `  ! ${date}: the clock is put back near ${at}, so that run may come twice or an hour off`;
}

function apply(session: Session, { prune = false, ...claims }: Options, files: string[]): Promise<Answer> {
  return changing(session, claims, async ({ client }, actor) => {
    const { chosenConfigs, keepConfigs } = await import('../../../schedules/config-files.ts');
    const { applySchedules } = await import('../../../schedules/apply.ts');
    const configs = await chosenConfigs(actor.home, files);
    const done = await applySchedules(
      client,
      configs.map(({ config }) => config),
      { ...actor, prune },
    );
    await keepConfigs(actor.home, configs, { prune });
    const { created, updated, unchanged, removed, left, paused } = done;
    const text = [
      ...created.map((id) => `created ${id}`),
      ...updated.map((id) => `updated ${id}`),
      ...unchanged.map((id) => `up to date ${id}`),
      ...removed.map(
        (id) =>
          `removed ${id}: ${id === 'weekly-retrain' ? 'retrain-<model> takes its place' : 'no configuration names its model'}`,
      ),
      ...left.map((id) => `left ${id}: no configuration names its model; --prune removes it`),
      ...paused.map((id) => `${id} is paused still; \`schedules unpause ${id}\``),
    ];
    return { json: done, text };
  });
}

function list(session: Session, { timeZone }: Options): Promise<Answer> {
  return withTemporal(session, { purpose: 'schedules' }, async ({ client }) => {
    const { listSchedules } = await import('../../../schedules/control.ts');
    const { checkTimeZone } = await import('../../jobs/cron.ts');
    const { localTime } = await import('../local-time.ts');
    if (timeZone !== undefined) checkTimeZone(timeZone);
    const schedules = await listSchedules(client);
    const rows = schedules.map(({ id, paused, next, note }) => [
      id,
      paused ? 'paused' : 'active',
      next[0] === undefined ? '-' : localTime(new Date(next[0]), timeZone ?? 'UTC'),
      note,
    ]);
    const text =
      rows.length > 0
        ? table(['schedule', 'state', 'next', 'note'], rows)
        : 'none; `schedules apply` makes those that ship';
    return { json: { schedules }, text };
  });
}

type Control = typeof import('../../../schedules/control.ts');
type Actor = Parameters<Control['pauseSchedule']>[2];

function onOne(
  what: string,
  work: (
    control: Control,
    place: TemporalPlace,
    id: string,
    actor: Actor,
    options: Options,
  ) => Promise<Answer>,
): Work {
  return (session, options, [id]) => {
    if (id === undefined) {
      throw new BadInputError(`Which schedule is to ${what}?`, '`schedules list` has their ids.');
    }
    return changing(session, options, async (place, actor) =>
      work(await import('../../../schedules/control.ts'), place, id, actor, options),
    );
  };
}

async function changing(
  session: Session,
  { by, reason = '' }: Options | Omit<Options, 'prune'>,
  work: (place: TemporalPlace, actor: Actor) => Promise<Answer>,
): Promise<Answer> {
  const actor = { home: await session.home(), by: by ?? userInfo().username, reason };
  return withTemporal(session, { purpose: 'schedules' }, (place) => work(place, actor));
}

function required(value: string | undefined, flag: string): string {
  if (value !== undefined) return value;
  throw new BadInputError(`${flag} is missing.`, 'Give --from and --to.');
}
