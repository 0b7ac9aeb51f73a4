import { twoSidedP } from '../../backtest/student-t.ts';
import { momentsOf } from '../statistics/effect-size.ts';

/** Stable windows that follow on one another; below so many nothing is known of what is usual. */
const LEAST_INDEPENDENT = 6;

/**
 * The chance of a distance (0 to 1) at least as large as `found`, by what it was between windows of the past: its log-odds
 * against their mean and deviation, by Student's t of a further value. Log-odds, because distances near 1 would else all
 * look alike; of windows of 2015 to 2018 they are skewed by 0 to 0.7. Hours that follow on one another are no independent
 * sample, and years differ, so p-values of the usual tests are far too small here; these are what the past itself shows.
 * Null where the past is too short: `independent` windows, of which overlapping ones do not count twice.
 */
export function chanceAmong(found: number, past: readonly number[], independent: number): number | null {
  if (independent < LEAST_INDEPENDENT || past.length < LEAST_INDEPENDENT) return null;
  const { mean, variance } = momentsOf(past.map(oddsOf));
  if (variance === 0) return null;
  const t = (oddsOf(found) - mean) / Math.sqrt(variance * (1 + 1 / independent));
  const tail = twoSidedP(t, Math.floor(independent) - 1) / 2;
  return t > 0 ? tail : 1 - tail;
}

const LEAST = 1e-4;

const oddsOf = (distance: number) => {
  const kept = Math.min(1 - LEAST, Math.max(LEAST, distance));
  return Math.log(kept / (1 - kept));
};

/** What is usual among windows of the past; of an even number the upper of the middle two, NaN of none. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? Number.NaN : sorted[sorted.length >> 1]!;
}
