import { setImmediate as turn } from 'node:timers/promises';
import type { ModelConfig } from '../model/config.ts';
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
 * issues, with the quantiles of its errors.
 */
export async function warmStart(
  weights: Float32Array,
  layout: ParameterLayout,
  { issueHead }: ModelConfig,
  issues: readonly TrainingIssues[],
): Promise<void> {
  if (!issueHead) return;
  const { horizon, columns, dayColumns, quantiles, scale } = issueHead;
  const [own, ofDay, levels] = [columns.length, dayColumns.length, quantiles.length];
  const view = (name: string) => viewOf(weights, layout.byName.get(name)!);
  const [direct, directDay, bias] = [ISSUE.direct, ISSUE.directDay, ISSUE.bias].map(view) as Three;
  const penalty = columns.some((name) => name.startsWith('operator')) ? PENALTY.operator : PENALTY.alone;
  for (const [region, { features, day, targets, count }] of issues.entries()) {
    for (let hour = 0; hour < horizon; hour++) {
      // A neighbour that waits for this rank is to hear its heartbeats.
      await turn();
      const at = region * horizon + hour;
      const known = Array.from({ length: count }, (_, issue) => issue).filter(
        (issue) => !Number.isNaN(targets[issue * horizon + hour]!),
      );
      const values = Float64Array.from(known, (issue) => targets[issue * horizon + hour]! / scale);
      const rows = new Float32Array(known.length * (own + ofDay));
      known.forEach((issue, i) => {
        const cell = issue * horizon + hour;
        rows.set(features.subarray(cell * own, (cell + 1) * own), i * (own + ofDay));
        rows.set(day.subarray(issue * ofDay, (issue + 1) * ofDay), i * (own + ofDay) + own);
      });
      const fit = known.length < LEAST_ISSUES ? nothing(own + ofDay) : solveRidge(rows, values, penalty);
      direct.set(fit.weights.subarray(0, own), at * own);
      directDay.set(fit.weights.subarray(own), at * ofDay);
      const errors = values.map((value, i) => value - fit.intercept - product(rows, i, fit.weights)).sort();
      const spread = quantiles.map(
        (level) => errors[Math.floor(level * errors.length)] ?? logisticQuantile(level),
      );
      const median = fit.intercept + spread[quantiles.indexOf(0.5)]!;
      const steps = stepsTo(spread, quantiles).map((step, q) => (quantiles[q] === 0.5 ? median : step));
      bias.set(steps, at * levels);
    }
  }
}

type Three = [Float32Array, Float32Array, Float32Array];

const nothing = (width: number) => ({ weights: new Float64Array(width), intercept: 0 });

function product(rows: Float32Array, row: number, weights: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < weights.length; c++) sum += rows[row * weights.length + c]! * weights[c]!;
  return sum;
}

/** Of a logistic distribution about as wide as the unit: where there is no error to learn from. */
const logisticQuantile = (level: number) => Math.log(level / (1 - level)) / 1.7;
