import { standings } from '../alerts/absence.ts';
import { jobKind, type JobKind, type JobRecord } from '../contracts/jobs.ts';
import type { ChampionRecord, LifecycleEvent } from '../contracts/lifecycle.ts';
import { crowningOf, isByHand, whoAndWhy } from '../contracts/reigns.ts';
import type { AppliedSchedule } from '../contracts/schedules.ts';
import { readAppliedSchedules } from '../jobs/applied-schedules.ts';
import { nextTimes } from '../jobs/cron.ts';
import { lastOf, modelsWithJobs, readJobs } from '../jobs/ledger.ts';
import { whyNot } from '../jobs/why-not.ts';
import { readChampion } from '../registry/champion.ts';
import { readHistory } from '../registry/history.ts';
import type { RunningJob, ServerSchedule } from '../temporal/running-jobs.ts';
import { reachTemporal } from './reach-temporal.ts';
import type { Session } from './session.ts';

export interface JobAccount {
  job: JobKind;
  last: JobRecord | null;
  schedule: string | null;
  paused: boolean;
  /** ISO, UTC; none while it is paused, or where no schedule starts it. */
  next: string[];
}

export interface Reign {
  version: number;
  since: string;
  /** By whom, and why; null where the history does not tell. */
  how: string | null;
}

export interface ModelAccount {
  model: string;
  jobs: JobAccount[];
  running: RunningJob[];
  champion: Reign | null;
  /** What was asked of its lifecycle last, where that was refused. */
  refused: LifecycleEvent | null;
  /** Why no newer model answers; null where there is nothing to explain. */
  why: string | null;
  /** Newest first; as many as were asked for. */
  history: JobRecord[];
}

export interface JobsAccount {
  models: ModelAccount[];
  /** Where the next times come from, and whether what runs could be asked. */
  temporal: 'answers' | 'is not running' | { error: string };
}

const NEXT_SHOWN = 3;

/** Every job of a model or of all: how it ended last and why, what runs now, and when it is due. */
export async function jobsAccount(
  session: Session,
  { model, history = 0 }: { model?: string | undefined; history?: number },
): Promise<JobsAccount> {
  const home = await session.home();
  const { runningJobs, serverSchedules } = await import('../temporal/running-jobs.ts');
  const reached = await reachTemporal(session, async (client) => ({
    running: await runningJobs(client, model),
    schedules: await serverSchedules(client),
  }));
  const server = reached !== null && 'running' in reached ? reached : null;
  const applied = await readAppliedSchedules({ home });
  const known = [...(await modelsWithJobs({ home })), ...applied.map((schedule) => schedule.model)];
  const models = model === undefined ? [...new Set(known)].sort() : [model];
  const accounts = await Promise.all(
    models.map(async (name) => {
      const records = await readJobs({ home }, { model: name });
      const schedules = applied.filter((schedule) => schedule.model === name);
      const champion = await readChampion({ home }, { name });
      const events = await readHistory({ home }, { name });
      return accountOf(name, { records, schedules, server, history, champion, events });
    }),
  );
  const temporal = server ? 'answers' : reached === null ? 'is not running' : (reached as { error: string });
  return { models: accounts, temporal };
}

interface Known {
  records: JobRecord[];
  schedules: AppliedSchedule[];
  server: { running: RunningJob[]; schedules: ServerSchedule[] } | null;
  history: number;
  champion: ChampionRecord | null;
  /** Oldest first. */
  events: LifecycleEvent[];
}

function accountOf(model: string, known: Known): ModelAccount {
  const { records, schedules, server, history, champion, events } = known;
  const now = new Date();
  const running = server?.running.filter((job) => job.model === model) ?? [];
  const standing = standings(schedules, new Map([[model, records]]), now.getTime(), { simulated: false });
  const jobs = jobKind.options.map((job): JobAccount => {
    const schedule = schedules.find((each) => each.job === job);
    const there = server?.schedules.find(({ id }) => id === schedule?.id);
    const paused = there?.paused ?? schedule?.paused ?? false;
    const times = paused || !schedule ? [] : nextOf(schedule, there, now);
    return {
      job,
      last: lastOf(records, job) ?? null,
      schedule: schedule?.id ?? null,
      paused,
      next: times.slice(0, NEXT_SHOWN).map((time) => time.toISOString()),
    };
  });
  const why = whyNot({
    records,
    running: server ? running : null,
    schedule: schedules.find(({ job }) => job === 'retrain'),
    owedSince: standing.find(({ job }) => job === 'retrain')?.dueAt ?? null,
    champion: champion?.version ?? null,
    events,
  });
  // A deployment that comes too late is refused as well, and says so itself.
  const newest = events.findLast((event) => event.kind !== 'refused' || isByHand(event));
  return {
    ...{ model, jobs, running, why },
    champion: champion && { version: champion.version, since: champion.since, how: howOf(champion, events) },
    refused: newest?.kind === 'refused' ? newest : null,
    history: history > 0 ? records.slice(-history).toReversed() : [],
  };
}

function howOf({ version }: ChampionRecord, events: readonly LifecycleEvent[]): string | null {
  const event = crowningOf(events, version);
  if (!event) return null;
  return event.kind === 'promoted'
    ? `promoted by ${whoAndWhy(event)}`
    : `after a rollback by ${whoAndWhy(event)}`;
}

/** What the server says; while it is down, what it was told. */
const nextOf = ({ cron, timeZone }: AppliedSchedule, there: ServerSchedule | undefined, now: Date): Date[] =>
  there ? there.next : nextTimes(cron, timeZone, now, NEXT_SHOWN);
