import type { RegionCode } from '../src/contracts/regions.ts';
import { DAY_SECONDS, WEEK_DAYS } from './calendar.ts';

/** What goes wrong in a week. */
export type Fault =
  /** The source answers nothing for the last two days of the week, the hour of the retrain included. */
  | 'source-down'
  /** Nothing polls the pipeline's queue all week. */
  | 'worker-down'
  /** The week's candidate knows the seasons' means and nothing else. */
  | 'bad-candidate'
  /** A network that was hardly trained is deployed without a canary, by hand where it was refused. */
  | 'hurried-deployment';

export interface Week {
  /** From 0. */
  number: number;
  /** Its end, seconds: when its retrain is due. */
  at: number;
  fault: Fault | null;
}

export interface Scenario {
  region: RegionCode;
  weeks: Week[];
  /** Demand that is suddenly higher by a share, first and last hour included; only in a simulation that is long enough. */
  drift: { from: number; to: number; factor: number } | null;
}

/** Where in the time each fault falls, as a share of it: in four weeks each has a week of its own. */
const FAULTS: readonly [Fault, number][] = [
  ['source-down', 0.1],
  ['worker-down', 0.3],
  ['hurried-deployment', 0.5],
  ['bad-candidate', 0.8],
];
const DRIFT = { from: 0.6, weeks: 4, factor: 1.08, leastWeeks: 16 };

/** @param first the moment of the first retrain, seconds; a Sunday's */
export function scenarioOf(region: RegionCode, first: number, count: number): Scenario {
  const faultOf = (number: number) =>
    FAULTS.find(([, share]) => Math.floor(share * count) === number)?.[0] ?? null;
  const weeks = Array.from({ length: count }, (_, number) => ({
    number,
    at: first + number * WEEK_DAYS * DAY_SECONDS,
    fault: faultOf(number),
  }));
  if (count < DRIFT.leastWeeks) return { region, weeks, drift: null };
  const from = weeks[Math.floor(DRIFT.from * count)]!.at;
  const to = from + DRIFT.weeks * WEEK_DAYS * DAY_SECONDS;
  return { region, weeks, drift: { from, to, factor: DRIFT.factor } };
}
