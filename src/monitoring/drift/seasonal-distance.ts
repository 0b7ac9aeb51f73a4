import { DEFAULT_BINS } from '../statistics/bins.ts';
import { stabilityOfCounts } from '../statistics/population-stability.ts';
import { DAY_HOURS } from './watched-series.ts';

/** Values by hour of the local day. */
export type ByHour = readonly number[][];

/** How hours differ from other hours of the same hours of the day. */
export interface Distance {
  hours: number;
  /** Kolmogorov and Smirnov's: of the hours' ranks among the reference's, from uniform. */
  ks: number;
  /** In ten bins, cut for each hour of the day at the reference's deciles. */
  psi: number;
  /** Cliff's delta given the hour of the day: −1 all below, 1 all above the reference. */
  delta: number;
}

export const emptyByHour = (): number[][] => Array.from({ length: DAY_HOURS }, () => []);

/** An hour of the day of which the reference has fewer values than this is not compared. */
const LEAST_REFERENCE = 10;

/**
 * Each value becomes its rank among the reference's values of the same hour of the day, 0 to 1, ties in their middle. If
 * nothing has changed, ranks are uniform whatever the hour's own distribution is: so hours of the day never count as drift,
 * and all of them make one sample. Null where too little can be compared.
 */
export function seasonalDistance(current: ByHour, reference: ByHour): Distance | null {
  return distanceAmong(current, [inOrder(reference)]);
}

/** Values by hour of the local day, smallest first. */
export type Ordered = readonly Float64Array[];

export const inOrder = (byHour: ByHour): Ordered => byHour.map((values) => Float64Array.from(values).sort());

/** The same where the reference is in parts, such as years: ranks add up, so that no part is put in order twice. */
export function distanceAmong(current: ByHour, parts: readonly Ordered[]): Distance | null {
  const ranks: number[] = [];
  for (let hour = 0; hour < DAY_HOURS; hour++) {
    const there = parts.map((part) => part[hour]!).filter(({ length }) => length > 0);
    const count = there.reduce((sum, { length }) => sum + length, 0);
    // Solar power at night: equal values say nothing.
    const least = Math.min(...there.map((sorted) => sorted[0]!));
    if (count < LEAST_REFERENCE || there.every((sorted) => sorted.at(-1) === least)) continue;
    for (const value of current[hour]!) {
      let rank = 0;
      for (const sorted of there) rank += twiceRank(sorted, value);
      ranks.push(rank / 2 / count);
    }
  }
  if (ranks.length < DAY_HOURS) return null;
  ranks.sort((a, b) => a - b);
  const n = ranks.length;
  const counts = new Float64Array(DEFAULT_BINS);
  let [ks, sum] = [0, 0];
  for (const [i, rank] of ranks.entries()) {
    ks = Math.max(ks, rank - i / n, (i + 1) / n - rank);
    counts[Math.min(DEFAULT_BINS - 1, Math.floor(rank * DEFAULT_BINS))]! += 1;
    sum += 2 * rank - 1;
  }
  const expected = new Float64Array(DEFAULT_BINS).fill(n / DEFAULT_BINS);
  return { hours: n, ks, psi: stabilityOfCounts(expected, counts), delta: sum / n };
}

/** Twice the middle of a value's places in order: how many are below it, and how many are not above it. */
function twiceRank(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  let notAbove = low;
  while (notAbove < sorted.length && sorted[notAbove] === value) notAbove += 1;
  return low + notAbove;
}
