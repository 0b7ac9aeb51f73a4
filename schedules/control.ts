import { ScheduleNotFoundError, type Client } from '@temporalio/client';
import { BadInputError, MissingDataError } from '../src/errors.ts';
import { changeAppliedSchedules } from '../src/jobs/applied-schedules.ts';
import { timesBetween } from '../src/jobs/cron.ts';
import { audit, type Actor } from './apply.ts';

/** More than these at once is a slip of the year. */
export const MOST_BACKFILLED = 1000;

export interface ListedSchedule {
  id: string;
  paused: boolean;
  note: string;
  next: string[];
}

/** Every schedule of the server, with the next times as the server has them. */
export async function listSchedules(client: Client): Promise<ListedSchedule[]> {
  const listed: ListedSchedule[] = [];
  for await (const { scheduleId } of client.schedule.list()) {
    const found = await client.schedule.getHandle(scheduleId).describe().catch(unlessGone);
    if (!found) continue;
    const { state, info } = found;
    const next = info.nextActionTimes.map((time) => time.toISOString());
    listed.push({ id: scheduleId, paused: state.paused, note: state.note ?? '', next });
  }
  return listed.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** No run starts until it is unpaused, and none is made up for; a run that is under way goes on. */
export async function pauseSchedule(client: Client, id: string, actor: Actor): Promise<void> {
  await onServer(id, client.schedule.getHandle(id).pause(actor.reason || `paused by ${actor.by}`));
  await mark(actor, id, true);
  await audit(actor, 'schedule-paused', id);
}

export async function unpauseSchedule(client: Client, id: string, actor: Actor): Promise<void> {
  await onServer(id, client.schedule.getHandle(id).unpause(actor.reason || `unpaused by ${actor.by}`));
  await mark(actor, id, false);
  await audit(actor, 'schedule-unpaused', id);
}

/** A run now, whatever the clock says, paused or not; while one is under way it does what the schedule's overlap says. */
export async function triggerSchedule(client: Client, id: string, actor: Actor): Promise<void> {
  await onServer(id, client.schedule.getHandle(id).trigger());
  await audit(actor, 'schedule-triggered', id);
}

/**
 * The runs that the schedule would have started between two moments, both included, one after another, each as of its
 * own time. Answers the times.
 */
export async function backfillSchedule(
  client: Client,
  id: string,
  { from, to }: { from: Date; to: Date },
  actor: Actor,
): Promise<Date[]> {
  const handle = client.schedule.getHandle(id);
  const { spec } = await onServer(id, handle.describe());
  // The server's start is excluded; it counts in seconds.
  const start = new Date(from.getTime() - 1000);
  const cron = spec.calendars?.[0]?.comment ?? '';
  const times = timesBetween(cron, spec.timezone ?? 'UTC', start, to);
  const asked = `from ${from.toISOString()} to ${to.toISOString()}`;
  if (times.length === 0) {
    throw new BadInputError(`${id} has no run ${asked}.`, '`schedules preview` shows when it runs.');
  }
  if (times.length > MOST_BACKFILLED) {
    throw new BadInputError(
      `${id} has ${times.length} runs ${asked}, more than ${MOST_BACKFILLED}.`,
      'Backfill it in parts.',
    );
  }
  // The schedule's own overlap would skip all but the first of them.
  await handle.backfill({ start, end: to, overlap: 'BUFFER_ALL' });
  const details = { from: from.toISOString(), to: to.toISOString(), runs: times.length };
  await audit(actor, 'schedule-backfilled', id, details);
  return times;
}

/** Watchers of absent work read the file where the server does not answer. */
async function mark(actor: Actor, id: string, paused: boolean): Promise<void> {
  await changeAppliedSchedules(actor, (known) =>
    known.map((schedule) =>
      schedule.id === id ? { ...schedule, paused, appliedAt: new Date().toISOString() } : schedule,
    ),
  );
}

async function onServer<Result>(id: string, call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    throw new MissingDataError(
      `The server has no schedule ${id}.`,
      '`schedules list` shows what it has; `schedules apply` makes those of a model.',
    );
  }
}

function unlessGone(error: unknown): undefined {
  if (error instanceof ScheduleNotFoundError) return undefined;
  throw error;
}
