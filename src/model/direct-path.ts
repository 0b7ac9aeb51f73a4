import { ISSUE, type IssueHeadConfig } from './issue-parameters.ts';
import type { ParameterViews } from './parameter-views.ts';
import { addProduct } from './products.ts';
import type { IssueValues } from '../sequences/issue-scaling.ts';

/**
 * Adds to each cell's median what its hour's weights make of its own features and of the day's; `steps` are cells ×
 * levels.
 */
export function addDirect(
  steps: Float32Array,
  { features, day }: IssueValues,
  weights: ParameterViews,
  { horizon, quantiles, columns, dayColumns }: IssueHeadConfig,
): void {
  const direct = weights.array(ISSUE.direct);
  const levels = quantiles.length;
  const cells = steps.length / levels;
  const issues = cells / horizon;
  const width = columns.length;
  const medians = new Float32Array(cells);
  const inner = dayColumns.length;
  const size = { rows: issues, inner, columns: horizon, transposeB: true };
  if (inner > 0) addProduct(day, weights.array(ISSUE.directDay), medians, size);
  for (let cell = 0, at = quantiles.indexOf(0.5); cell < cells; cell++, at += levels) {
    const hour = (cell % horizon) * width;
    let sum = medians[cell]!;
    for (let c = 0; c < width; c++) sum += features[cell * width + c]! * direct[hour + c]!;
    steps[at] = steps[at]! + sum;
  }
}

/** Adds the gradient of the direct weights to `gradient`. */
export function backDirect(
  gradient: ParameterViews,
  { features, day }: IssueValues,
  dSteps: Float32Array,
  { horizon, quantiles, columns, dayColumns }: IssueHeadConfig,
): void {
  const into = gradient.array(ISSUE.direct);
  const levels = quantiles.length;
  const median = quantiles.indexOf(0.5);
  const width = columns.length;
  const dMedians = new Float32Array(dSteps.length / levels);
  for (let cell = 0; cell < dMedians.length; cell++) {
    const slope = dSteps[cell * levels + median]!;
    dMedians[cell] = slope;
    const hour = (cell % horizon) * width;
    for (let c = 0; c < width; c++) into[hour + c] = into[hour + c]! + slope * features[cell * width + c]!;
  }
  const ofDay = dayColumns.length;
  const issues = dMedians.length / horizon;
  const size = { rows: horizon, inner: issues, columns: ofDay, transposeA: true };
  if (ofDay > 0 && issues > 0) addProduct(dMedians, day, gradient.array(ISSUE.directDay), size);
}
