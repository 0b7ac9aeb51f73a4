import { twoSidedP } from './student-t.ts';

export interface DieboldMariano {
  /** Differences that count. */
  count: number;
  /** Below 0 where the first forecaster loses less. */
  meanDifference: number;
  /** Below 0 where the first forecaster loses less; null where the differences do not vary. */
  statistic: number | null;
  /** Two-sided, by Student's t with count − 1 degrees of freedom. */
  pValue: number | null;
  /** Autocovariances counted. */
  lag: number;
}

/**
 * Whether two forecasters differ in accuracy (Diebold & Mariano, Comparing predictive accuracy, 1995), from the
 * differences of their losses in time order, NaN where there is none. Forecasts that reach `horizon` values ahead have
 * errors that are correlated over `horizon` − 1, so the mean's variance counts as many autocovariances, with Newey &
 * West's weights (1987), which keep it from going below 0. Small samples are corrected as in Harvey, Leybourne &
 * Newbold (1997).
 */
export function dieboldMariano(differences: ArrayLike<number>, horizon: number): DieboldMariano {
  const d = Float64Array.from(differences);
  const there = d.filter(Number.isFinite);
  const n = there.length;
  const lag = Math.max(0, Math.min(horizon - 1, n - 1));
  const meanDifference = n === 0 ? Number.NaN : there.reduce((sum, value) => sum + value, 0) / n;
  const variance = longRunVariance(d, meanDifference, lag, n) / n;
  const correction = (n + 1 - 2 * (lag + 1) + ((lag + 1) * lag) / n) / n;
  if (!(n > 1 && variance > 0 && correction > 0)) {
    return { count: n, meanDifference, statistic: null, pValue: null, lag };
  }
  const statistic = (meanDifference / Math.sqrt(variance)) * Math.sqrt(correction);
  return { count: n, meanDifference, statistic, pValue: twoSidedP(statistic, n - 1), lag };
}

/** Pairs with a value missing are left out of their autocovariance. */
function longRunVariance(d: Float64Array, mean: number, lag: number, n: number): number {
  let sum = 0;
  for (let k = 0; k <= lag; k++) {
    let covariance = 0;
    for (let i = k; i < d.length; i++) {
      const product = (d[i]! - mean) * (d[i - k]! - mean);
      if (Number.isFinite(product)) covariance += product;
    }
    sum += (k === 0 ? 1 : 2 * (1 - k / (lag + 1))) * (covariance / n);
  }
  return sum;
}
