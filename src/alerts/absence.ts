import type { JobKind, JobRecord } from '../contracts/jobs.ts';
import type { AppliedSchedule } from '../contracts/schedules.ts';
import { nextTimes } from '../jobs/cron.ts';

const HOUR_MS = 3_600_000;

/**
 * Hours after its time that a job may take until it has ended. An hourly ingestion may miss two; drift and forecast are
 * minutes of work behind a queue; a retrain trains, and may wait for the slots of another.
 */
export const GRACE_HOURS: Record<JobKind, number> = {
  ingestion: 3,
  forecast: 3,
  drift: 6,
  retrain: 12,
  deployment: 24,
};

/** How a scheduled job stands: whether what should have ended by now has. */
export interface Standing {
  model: string;
  job: JobKind;
  schedule: string;
  /** The oldest time since its last run that nothing has answered; null: none. */
  dueAt: Date | null;
  /** Since then; 0 where nothing is owed. */
  lateHours: number;
  graceHours: number;
  /** The moment that its last run stood for. */
  lastRunAt: string | null;
  paused: boolean;
}

/**
 * How every schedule stands at a moment, by what was applied and by the ledger alone: no server is asked, for it may be
 * what is missing. A schedule that is paused owes nothing, nor does any for the time before it was applied. Of a
 * simulated moment only the moments that runs stood for count, and none after it.
 */
export function standings(
  schedules: readonly AppliedSchedule[],
  ledger: ReadonlyMap<string, readonly JobRecord[]>,
  now: number,
  { simulated }: { simulated: boolean },
): Standing[] {
  return schedules.map((schedule) => {
    const { model, job, id, paused } = schedule;
    const runs = (ledger.get(model) ?? []).filter((record) => record.job === job);
    const past = runs.filter(({ asOf }) => Date.parse(asOf) <= now);
    const moments = past.map((run) => (simulated ? endOf(run.asOf) : answeredUntil(run, schedule)));
    const lastRun = moments.length === 0 ? null : Math.max(...moments);
    const dueAt = paused ? null : firstOwed(schedule, lastRun, now, simulated);
    return {
      model,
      job,
      schedule: id,
      dueAt,
      lateHours: dueAt === null ? 0 : (now - dueAt.getTime()) / HOUR_MS,
      graceHours: GRACE_HOURS[job],
      lastRunAt:
        past.length === 0
          ? null
          : past
              .map(({ asOf }) => asOf)
              .toSorted()
              .at(-1)!,
      paused,
    };
  });
}

/**
 * The last moment that a run answers for. It ran for `asOf`; while it was at it the server starts no other, so it
 * answers for what came due in the meantime, too. A backfill of long ago answers for long ago alone.
 */
function answeredUntil({ asOf, startedAt, endedAt }: JobRecord, { catchUpHours }: AppliedSchedule): number {
  const stoodFor = endOf(asOf);
  const isOfNow = Math.abs(Date.parse(startedAt) - Date.parse(asOf)) <= catchUpHours * HOUR_MS;
  return isOfNow ? Math.max(stoodFor, Date.parse(endedAt)) : stoodFor;
}

/** A run for an explicit moment stands for a whole hour, whatever minute of it the schedule names. */
const endOf = (asOf: string): number => {
  const moment = Date.parse(asOf);
  return moment % HOUR_MS === 0 ? moment + HOUR_MS - 1 : moment;
};

function firstOwed(
  { cron, timeZone, appliedAt }: AppliedSchedule,
  lastRun: number | null,
  now: number,
  simulated: boolean,
): Date | null {
  const applied = Date.parse(appliedAt);
  // A simulated past lies before anything was applied; there the first run begins it.
  if (simulated && lastRun === null && applied > now) return null;
  const since = simulated && applied > now ? lastRun! : Math.max(lastRun ?? applied, applied);
  const [next] = nextTimes(cron, timeZone, new Date(since), 1);
  return next && next.getTime() <= now ? next : null;
}
