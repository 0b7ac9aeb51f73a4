import { ISSUE, type IssueHeadConfig } from '../model/issue-parameters.ts';
import { BATCH, type Value } from './graph.ts';
import { gelu, normalised, regionWeight, weight, type Writing } from './trunk-graph.ts';

/** Log-ratios of the hours after the last one, batch × horizon (`model/segments.ts`, `predict`). */
export function hourlyRatios(writing: Writing, state: Value, lastInputs: Value): Value {
  const { g, config } = writing;
  const deep = g.matmul(normalised(writing, state, 'head.gain'), weight(writing, 'head.out'));
  const own = g.add(deep, regionWeight(writing, 'head.region', [config.horizon]));
  return g.multiply(g.add(own, g.matmul(lastInputs, weight(writing, 'head.direct'))), config.outputScale);
}

/** Log-ratios of the issue's target hours at each level, batch × hours × levels (`model/issue-head.ts`). */
export function issueRatios(
  writing: Writing,
  head: IssueHeadConfig,
  state: Value,
  features: Value,
  day: Value | undefined,
): Value {
  const { g } = writing;
  const { hidden, horizon, quantiles, scale } = head;
  const ofState = g.matmul(normalised(writing, state, ISSUE.gain), weight(writing, ISSUE.state));
  const ofIssue = day ? g.add(g.matmul(day, weight(writing, ISSUE.day)), ofState) : ofState;
  const ofHours = g.add(g.matmul(features, weight(writing, ISSUE.features)), weight(writing, ISSUE.hour));
  const ofRegion = regionWeight(writing, ISSUE.region, [1, hidden]);
  const first = g.add(ofHours, g.add(g.reshape(ofIssue, [BATCH, 1, hidden]), ofRegion));
  const inner = gelu(writing, first);
  const second = g.add(g.matmul(inner, weight(writing, ISSUE.deep)), weight(writing, ISSUE.deepBias));
  const deep = g.add(gelu(writing, second), inner);
  const steps = g.add(
    g.matmul(deep, weight(writing, ISSUE.out)),
    regionWeight(writing, ISSUE.bias, [horizon, quantiles.length]),
  );
  return g.multiply(quantileRatios(writing, head, steps, directMedians(writing, head, features, day)), scale);
}

/** What each hour's own weights make of its features and of the day's: batch × hours × 1. */
function directMedians(
  writing: Writing,
  { columns, dayColumns, horizon }: IssueHeadConfig,
  features: Value,
  day: Value | undefined,
): Value {
  const { g } = writing;
  const ofHour = regionWeight(writing, ISSUE.direct, [horizon, columns.length, 1]);
  const rows = g.reshape(features, [BATCH, horizon, 1, columns.length]);
  const own = g.reshape(g.matmul(rows, ofHour), [BATCH, horizon, 1]);
  if (!day) return own;
  const ofDay = regionWeight(writing, ISSUE.directDay, [horizon, dayColumns.length]);
  return g.add(own, g.matmul(ofDay, g.reshape(day, [BATCH, dayColumns.length, 1])));
}

/**
 * The median as it is, each level beyond it softplus(its step) further out than the one before (`quantile-steps.ts`):
 * sums along the levels, as a product with ones.
 */
function quantileRatios({ g }: Writing, { quantiles }: IssueHeadConfig, steps: Value, direct: Value): Value {
  const levels = quantiles.length;
  const median = quantiles.indexOf(0.5);
  const parts = [g.add(g.slice(steps, 2, median, median + 1), direct)];
  if (median > 0) parts.unshift(g.softplus(g.slice(steps, 2, 0, median)));
  if (median + 1 < levels) parts.push(g.softplus(g.slice(steps, 2, median + 1, levels)));
  const sums = Float32Array.from({ length: levels * levels }, (_, i) => {
    const [step, level] = [Math.floor(i / levels), i % levels];
    if (step === median) return 1;
    if (step > median) return level >= step ? 1 : 0;
    return level <= step ? -1 : 0;
  });
  return g.matmul(g.concat(parts, 2), g.constant('quantile.sums', sums, [levels, levels]));
}
