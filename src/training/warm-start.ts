import type { ModelConfig } from '../model/config.ts';
import { ISSUE } from '../model/issue-parameters.ts';
import { viewOf, type ParameterLayout } from '../model/parameters.ts';
import { stepsTo } from '../model/quantile-steps.ts';
import { solveRidge } from './ridge-path.ts';
import type { TrainingIssues } from './training-issues.ts';

/**
 * How much a weight of the direct path costs, in issues. An hour has a thousand of them and some seventy columns that
 * say nearly the same, so it is well above what a system of its own would need.
 */
const PENALTY = 30;
/** With fewer, a linear model of an hour is worth less than none. */
const LEAST_ISSUES = 60;

/**
 * Lets the issue head begin as the linear model of each region and hour that least squares finds on the training issues,
 * with the quantiles of its errors. A pure function of dataset and layout, in float64, so that every rank comes to the
 * same bits.
 */
export function warmStart(
  weights: Float32Array,
  layout: ParameterLayout,
  { issueHead }: ModelConfig,
  issues: readonly TrainingIssues[],
): void {
  if (!issueHead) return;
  const { horizon, columns, quantiles, scale } = issueHead;
  const [width, levels] = [columns.length, quantiles.length];
  const direct = viewOf(weights, layout.byName.get(ISSUE.direct)!);
  const bias = viewOf(weights, layout.byName.get(ISSUE.bias)!);
  issues.forEach(({ features, targets, count }, region) => {
    for (let hour = 0; hour < horizon; hour++) {
      const at = region * horizon + hour;
      const cells = Array.from({ length: count }, (_, issue) => issue * horizon + hour).filter(
        (cell) => !Number.isNaN(targets[cell]!),
      );
      const rows = cells.map((cell) => features.subarray(cell * width, (cell + 1) * width));
      const values = Float64Array.from(cells, (cell) => targets[cell]! / scale);
      const fit = cells.length < LEAST_ISSUES ? nothing(width) : solveRidge(rows, values, PENALTY);
      direct.set(fit.weights, at * width);
      const errors = values.map((value, i) => value - fit.intercept - product(rows[i]!, fit.weights)).sort();
      const spread = quantiles.map(
        (level) => errors[Math.floor(level * errors.length)] ?? normalQuantile(level),
      );
      const median = fit.intercept + spread[quantiles.indexOf(0.5)]!;
      const steps = stepsTo(spread, quantiles).map((step, q) => (quantiles[q] === 0.5 ? median : step));
      bias.set(steps, at * levels);
    }
  });
}

const nothing = (width: number) => ({ weights: new Float64Array(width), intercept: 0 });

function product(row: Float32Array, weights: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < row.length; c++) sum += row[c]! * weights[c]!;
  return sum;
}

/** Of a logistic distribution about as wide as the unit: where there is no error to learn from. */
const normalQuantile = (level: number) => Math.log(level / (1 - level)) / 1.7;
