import type { AlertFacts, AlertMessage, AlertTurn } from '../contracts/alerts.ts';
import type { JobKind, JobRecord } from '../contracts/jobs.ts';
import type { AppliedSchedule } from '../contracts/schedules.ts';
import { RingwattError } from '../errors.ts';
import { isListThere, readAppliedSchedules } from '../jobs/applied-schedules.ts';
import { failuresAtEnd, readJobs } from '../jobs/ledger.ts';
import { standings, type Standing } from './absence.ts';
import { readBeat, writeBeat } from './beat.ts';
import { sendWaiting, type SendOptions } from './send-waiting.ts';
import { readAlerts } from './store.ts';
import { turnAlerts } from './turn.ts';

const SOURCE = 'watchdog';
/** A job that stands as it stood is observed again after so long: rules may name hours of their own. */
const AGAIN_MS = 15 * 60_000;

export type WatchdogOptions = Omit<SendOptions, 'now'> & Partial<Pick<SendOptions, 'now'>>;

export interface Look {
  standings: Standing[];
  turn: AlertTurn;
}

/**
 * Looks after what should have happened and did not, by the files of the home alone: it needs neither Temporal nor a
 * worker, for it is they that may be gone. What it sees goes through the same rules, state and outbox as all else, and
 * it sends whatever waits there, its own or not.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #seen = new Map<string, { as: string; at: number }>();

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  /** As of now; or, of a simulation, as of a moment that it gives. */
  async look(now: number, asOf?: number): Promise<Look> {
    const { home, config } = this.#options;
    const moment = asOf ?? now;
    const before = (await readBeat(home))?.schedules ?? 0;
    const { schedules, ledger, troubles } = await this.#read(before);
    const found = standings(schedules, ledger, moment, { simulated: asOf !== undefined });
    const messages = [
      ...found.map((standing) => seenOf(standing, runsOf(ledger, standing, moment))),
      ...(isWhole(troubles) ? await this.#unscheduled(found) : []),
    ].flatMap(({ model, facts, note }): AlertMessage[] => {
      if (!this.#isNews(model, facts, now)) return [];
      const at = new Date(moment).toISOString();
      const body = { model, asOf: at, source: SOURCE, facts, note, simulated: asOf !== undefined };
      return [{ kind: 'observe', body }];
    });
    const turn = await turnAlerts({ home, config, now, troubles }, messages);
    const late = found.filter((each) => each.lateHours > each.graceHours).length;
    // Before anything is sent: a receiver that takes its time does not make it look dead.
    const known = troubles['schedules.json'] === null ? found.length : before;
    await writeBeat(home, { at: new Date(now).toISOString(), schedules: known, late });
    await sendWaiting({ now: Date.now, ...this.#options }, turn.pending);
    return { standings: found, turn };
  }

  /** What cannot be read is told of like anything else that is wrong: nobody would be watching. */
  async #read(before: number): Promise<Work> {
    const { home } = this.#options;
    const ledger = new Map<string, JobRecord[]>();
    const troubles: Record<string, string | null> = { 'schedules.json': null, jobs: null };
    const schedules = await readAppliedSchedules({ home }).catch((error: unknown) => {
      troubles['schedules.json'] = typed(error).line;
      return [];
    });
    if (before > 0 && !(await isListThere({ home })))
      troubles['schedules.json'] =
        `schedules.json is gone; it named ${before} schedules. Run \`schedules apply\`.`;
    for (const model of new Set(schedules.map((each) => each.model))) {
      try {
        ledger.set(model, await readJobs({ home }, { model }));
      } catch (error) {
        troubles['jobs'] = typed(error).line;
      }
    }
    // Without its ledger a model would look as if nothing had ever run.
    return { schedules: schedules.filter(({ model }) => ledger.has(model)), ledger, troubles };
  }

  /** Whether it differs from what was seen last, but for the hours that pass. */
  #isNews(model: string, facts: AlertFacts, now: number): boolean {
    const { late_hours: late, grace_hours: grace, ...rest } = facts;
    const as = JSON.stringify([rest, Number(late) > Number(grace), late === 0]);
    const key = `${model} ${String(facts['job'])}`;
    const before = this.#seen.get(key);
    if (before?.as === as && now - before.at < AGAIN_MS) return false;
    this.#seen.set(key, { as, at: now });
    return true;
  }

  /** What fires about a job that no schedule names any more has ended with it. */
  async #unscheduled(found: readonly Standing[]): Promise<Seen[]> {
    const { tracks } = await readAlerts(this.#options.home);
    return tracks.flatMap(({ incident, source, model, labels }) => {
      const { job } = labels;
      if (!incident || source !== SOURCE || typeof job !== 'string') return [];
      if (found.some((each) => each.model === model && each.job === job)) return [];
      const facts = { job, late_hours: 0, grace_hours: 0 };
      return [{ model, facts, note: `${job} of ${model} is no longer scheduled` }];
    });
  }
}

interface Work {
  schedules: AppliedSchedule[];
  ledger: Map<string, JobRecord[]>;
  troubles: Record<string, string | null>;
}

/** What cannot be seen has not ended. */
const isWhole = (troubles: Work['troubles']) => Object.values(troubles).every((trouble) => trouble === null);

function typed(error: unknown): RingwattError {
  if (error instanceof RingwattError) return error;
  throw error;
}

interface Seen {
  model: string;
  facts: AlertFacts;
  note: string;
}

function seenOf(standing: Standing, runs: readonly JobRecord[]): Seen {
  const last = runs.at(-1);
  const { model, job, dueAt, lateHours, graceHours, lastRunAt, paused } = standing;
  const facts: AlertFacts = {
    job,
    late_hours: Number(lateHours.toFixed(2)),
    grace_hours: graceHours,
    ...(last && { outcome: last.outcome, failures: failuresAtEnd(runs) }),
  };
  const since = lastRunAt === null ? 'it has not run yet' : `its last run was for ${lastRunAt}`;
  if (dueAt !== null)
    return {
      model,
      facts,
      note: `${job} of ${model} was due at ${dueAt.toISOString()} and has not run; ${since}`,
    };
  if (paused) return { model, facts, note: `${job} of ${model} is paused; ${since}` };
  return {
    model,
    facts,
    note: last?.reason ? `${job} of ${model}: ${last.reason}` : `${job} of ${model} runs in time`,
  };
}

/** Of one job, what had ended by a moment. */
const runsOf = (
  ledger: ReadonlyMap<string, JobRecord[]>,
  { model, job }: { model: string; job: JobKind },
  now: number,
): JobRecord[] =>
  (ledger.get(model) ?? []).filter((record) => record.job === job && Date.parse(record.asOf) <= now);
