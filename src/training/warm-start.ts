import type { ModelConfig } from '../model/config.ts';
import { daysOf } from '../model/direct-path.ts';
import { ISSUE } from '../model/issue-parameters.ts';
import { viewOf, type ParameterLayout } from '../model/parameters.ts';
import { stepsTo } from '../model/quantile-steps.ts';
import { solveRidge } from './ridge-path.ts';
import type { TrainingIssues } from './training-issues.ts';

/**
 * What a weight costs, as a share of its column's variance. Errors of an operator are far noisier than the demand of a
 * day is, against what there is to learn of them.
 */
const PENALTY = { operator: 0.3, alone: 0.05 };
/** With fewer, a linear model of an hour is worth less than none. */
const LEAST_ISSUES = 60;

/**
 * Lets the issue head begin as the linear model of each region and hour that ridge regression finds on the training
 * issues, with the quantiles of its errors. A pure function of dataset and layout, in float64, so that every rank comes
 * to the same bits.
 */
export function warmStart(
  weights: Float32Array,
  layout: ParameterLayout,
  { issueHead }: ModelConfig,
  issues: readonly TrainingIssues[],
): void {
  if (!issueHead) return;
  const { horizon, columns, quantiles, scale } = issueHead;
  const [own, levels] = [columns.length, quantiles.length];
  const view = (name: string) => viewOf(weights, layout.byName.get(name)!);
  const [direct, directDay, bias] = [ISSUE.direct, ISSUE.directDay, ISSUE.bias].map(view) as Three;
  const penalty = columns.some((name) => name.startsWith('operator')) ? PENALTY.operator : PENALTY.alone;
  issues.forEach(({ features, targets, count }, region) => {
    const day = daysOf(features, issueHead);
    const ofDay = day.length / Math.max(1, count);
    for (let hour = 0; hour < horizon; hour++) {
      const at = region * horizon + hour;
      const known = Array.from({ length: count }, (_, issue) => issue).filter(
        (issue) => !Number.isNaN(targets[issue * horizon + hour]!),
      );
      const rows = known.map((issue) => {
        const row = new Float64Array(own + ofDay);
        const cell = issue * horizon + hour;
        row.set(features.subarray(cell * own, (cell + 1) * own));
        row.set(day.subarray(issue * ofDay, (issue + 1) * ofDay), own);
        return row;
      });
      const values = Float64Array.from(known, (issue) => targets[issue * horizon + hour]! / scale);
      const fit = known.length < LEAST_ISSUES ? nothing(own + ofDay) : solveRidge(rows, values, penalty);
      direct.set(fit.weights.subarray(0, own), at * own);
      directDay.set(fit.weights.subarray(own), at * ofDay);
      const errors = values.map((value, i) => value - fit.intercept - product(rows[i]!, fit.weights)).sort();
      const spread = quantiles.map(
        (level) => errors[Math.floor(level * errors.length)] ?? logisticQuantile(level),
      );
      const median = fit.intercept + spread[quantiles.indexOf(0.5)]!;
      const steps = stepsTo(spread, quantiles).map((step, q) => (quantiles[q] === 0.5 ? median : step));
      bias.set(steps, at * levels);
    }
  });
}

type Three = [Float32Array, Float32Array, Float32Array];

const nothing = (width: number) => ({ weights: new Float64Array(width), intercept: 0 });

function product(row: Float64Array, weights: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < row.length; c++) sum += row[c]! * weights[c]!;
  return sum;
}

/** Of a logistic distribution about as wide as the unit: where there is no error to learn from. */
const logisticQuantile = (level: number) => Math.log(level / (1 - level)) / 1.7;
