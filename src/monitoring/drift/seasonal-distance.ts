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
  const ranks: number[] = [];
  for (let hour = 0; hour < DAY_HOURS; hour++) {
    const sorted = Float64Array.from(reference[hour]!).sort();
    // Solar power at night: equal values say nothing.
    if (sorted.length < LEAST_REFERENCE || sorted[0] === sorted[sorted.length - 1]) continue;
    for (const value of current[hour]!) {
      ranks.push((below(sorted, value, false) + below(sorted, value, true)) / 2 / sorted.length);
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

/** How many values are below, or not above. */
function below(sorted: Float64Array, value: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value || (orEqual && value === sorted[middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}
