import { twoSidedP } from '../../backtest/student-t.ts';
import { momentsOf } from '../statistics/effect-size.ts';

/** Stable windows that follow on one another; below so many nothing is known of what is usual. */
const LEAST_INDEPENDENT = 6;

/**
 * The chance of a statistic at least as large as `found`, by what it was between windows of the past: its logarithm against
 * their mean and deviation, by Student's t of a further value. Hours that follow on one another are no independent
 * sample, and years differ, so p-values of the usual tests are far too small here; these are what the past itself shows.
 * Null where the past is too short: `independent` windows, of which overlapping ones do not count twice.
 */
export function chanceAmong(found: number, past: readonly number[], independent: number): number | null {
  if (independent < LEAST_INDEPENDENT || past.length < LEAST_INDEPENDENT) return null;
  const { mean, variance } = momentsOf(past.map(logOf));
  if (variance === 0) return null;
  const t = (logOf(found) - mean) / Math.sqrt(variance * (1 + 1 / independent));
  const tail = twoSidedP(t, Math.floor(independent) - 1) / 2;
  return t > 0 ? tail : 1 - tail;
}

const logOf = (statistic: number) => Math.log(Math.max(statistic, 1e-9));
