import type { DriftThresholds } from '../../contracts/drift.ts';
import type { Baseline } from './baseline-hours.ts';
import { daysOf, mapeOf, type ScoredHours } from './scored-hours.ts';

/** The model's error in the window against its error at registration. */
export interface PerformanceDrift {
  hours: number;
  baselineHours: number;
  against: Baseline['says'];
  /** Shares, not percent. Accuracy is 1 − MAPE. */
  mape: number;
  baselineMape: number;
  /** Of the week-ago value on both sets of hours: how hard they are. */
  naiveMape: number;
  baselineNaiveMape: number;
  operatorMape: number | null;
  baselineOperatorMape: number | null;
  /** How many times the error is what it was; and how many times that of the week-ago value has become. */
  growth: number;
  beyondNaive: number;
  /** Of the difference of mean daily errors, by the variance of means of days that follow each other. */
  statistic: number;
  drifted: 'accuracy drop' | 'error growth' | null;
}

/** One-sided 1 %. */
const BEYOND_CHANCE = 2.326;

/**
 * Drift is either of: accuracy fell by more than the limit; or the error grew by more than the share of `error_growth`, also
 * over and above what hours have become harder for the week-ago value, and by more than days differ anyway.
 */
export function performanceDrift(
  window: ScoredHours,
  { hours: baseline, says }: Baseline,
  limits: DriftThresholds,
): PerformanceDrift {
  const [mape, baselineMape] = [mapeOf(window, 'model'), mapeOf(baseline, 'model')];
  const [naiveMape, baselineNaiveMape] = [mapeOf(window, 'naive'), mapeOf(baseline, 'naive')];
  const growth = mape / baselineMape;
  const beyondNaive = growth / (naiveMape / baselineNaiveMape);
  const statistic = differenceOf(dailyErrors(baseline), dailyErrors(window));
  const operator = mapeOf(window, 'operator');
  const baselineOperator = mapeOf(baseline, 'operator');
  const grown = 1 + limits.error_growth;
  return {
    ...{ hours: window.validAt.length, baselineHours: baseline.validAt.length, against: says },
    ...{ mape, baselineMape, naiveMape, baselineNaiveMape, growth, beyondNaive, statistic },
    operatorMape: Number.isFinite(operator) ? operator : null,
    baselineOperatorMape: Number.isFinite(baselineOperator) ? baselineOperator : null,
    drifted:
      mape - baselineMape > limits.accuracy_drop
        ? 'accuracy drop'
        : Math.min(growth, beyondNaive) > grown && statistic > BEYOND_CHANCE
          ? 'error growth'
          : null,
  };
}

const dailyErrors = (hours: ScoredHours): number[] =>
  daysOf(hours).map(
    ({ rows }) =>
      rows.reduce((sum, row) => sum + Math.abs(hours.model[row]! / hours.actual[row]! - 1), 0) / rows.length,
  );

/** How far the second mean lies above the first, in standard errors. */
function differenceOf(before: readonly number[], now: readonly number[]): number {
  const [a, b] = [meanWithError(before), meanWithError(now)];
  const error = Math.hypot(a.error, b.error);
  return error > 0 ? (b.mean - a.mean) / error : 0;
}

/** Days that go together count as fewer: autocovariances up to a week, by Newey & West's weights (1987). */
const LAG_DAYS = 7;

function meanWithError(values: readonly number[]): { mean: number; error: number } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  let variance = 0;
  for (let k = 0; k <= Math.min(LAG_DAYS, n - 1); k++) {
    let covariance = 0;
    for (let i = k; i < n; i++) covariance += (values[i]! - mean) * (values[i - k]! - mean);
    variance += ((k === 0 ? 1 : 2 * (1 - k / (LAG_DAYS + 1))) * covariance) / n;
  }
  return { mean, error: Math.sqrt(Math.max(0, variance) / n) };
}
