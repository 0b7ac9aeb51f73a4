import { gelu, geluBack, normaliseRows, normaliseRowsBack } from './elementwise.ts';
import { addDirect, backDirect } from './direct-path.ts';
import { ISSUE, type IssueHeadConfig } from './issue-parameters.ts';
import type { IssueValues } from '../sequences/issue-scaling.ts';
import type { ParameterViews } from './parameter-views.ts';
import { addProduct } from './products.ts';
import { quantilesOf, quantilesBack } from './quantile-steps.ts';

/** Issues to be answered from one sequence: those whose newest known hour is one of this rank's tokens. */
export interface IssueBatch {
  /** M; where the state of an issue's newest known hour lies among the tokens. */
  tokens: Int32Array;
  /** M × H × F and M × D, standardised. */
  features: Float32Array;
  day: Float32Array;
  /** In training: what of each issue is left out for once (Srivastava et al. 2014). */
  masks?: IssueMasks | undefined;
}

/** Factors of an issue, 0 or more than 1, alike for all its hours: M × width, M × F, M × D and M × hidden. */
export interface IssueMasks {
  state: Float32Array;
  /** Of the hidden path; the direct one sees all. */
  features: Float32Array;
  day: Float32Array;
  hidden: Float32Array;
}

/** What the way back needs of the way there; rows are cells (M·H) where nothing else is said. */
export interface IssueTrace {
  /** M × width, before and after normalisation. */
  states: Float32Array;
  normalised: Float32Array;
  /** × F: what goes into the hidden path. */
  seen: Float32Array;
  /** × hidden: what goes into the two GELUs, and the first one's value. */
  first: Float32Array;
  second: Float32Array;
  hidden: Float32Array;
  /** × quantiles: median and steps, before they are added up. */
  steps: Float32Array;
  /** × hidden: second GELU plus `hidden`. */
  deep: Float32Array;
}

/**
 * Quantiles of each target hour of each issue from the state of the issue's newest known hour and what is known of the
 * target hour (M × H × quantiles, ascending, in units of `scale`). `x` is what the last layer puts out, tokens × width.
 */
export function runIssueHead(
  config: IssueHeadConfig,
  weights: ParameterViews,
  x: Float32Array,
  { tokens, features, day, masks }: IssueBatch,
): { outputs: Float32Array; trace: IssueTrace } {
  const states = rowsAt(x, tokens, weights.array(ISSUE.gain).length);
  return runOnStates(config, weights, states, { features, day }, masks);
}

/** M × width: the rows of `x` at these tokens. */
export function rowsAt(x: Float32Array, tokens: Int32Array, width: number): Float32Array {
  const rows = new Float32Array(tokens.length * width);
  tokens.forEach((token, m) => rows.set(x.subarray(token * width, (token + 1) * width), m * width));
  return rows;
}

/** The same from states that were taken before. */
export function runOnStates(
  config: IssueHeadConfig,
  weights: ParameterViews,
  states: Float32Array,
  { features, day }: IssueValues,
  masks?: IssueMasks,
): { outputs: Float32Array; trace: IssueTrace } {
  const { horizon, hidden, quantiles, columns } = config;
  const width = weights.array(ISSUE.gain).length;
  const issues = states.length / width;
  const cells = issues * horizon;
  const levels = quantiles.length;
  const normalised = masked(normaliseRows(states, weights.array(ISSUE.gain)), masks?.state, width);
  const seen = masked(features, masks?.features, columns.length, horizon);
  const ofIssue = new Float32Array(issues * hidden);
  const daySize = day.length / Math.max(1, issues);
  const seenDay = masked(day, masks?.day, daySize);
  addProduct(seenDay, weights.array(ISSUE.day), ofIssue, { rows: issues, inner: daySize, columns: hidden });
  addProduct(normalised, weights.array(ISSUE.state), ofIssue, {
    rows: issues,
    inner: width,
    columns: hidden,
  });
  const first = startOfCells(ofIssue, weights, { issues, horizon, hidden });
  const size = { rows: cells, columns: hidden };
  addProduct(seen, weights.array(ISSUE.features), first, { ...size, inner: columns.length });
  const inner = masked(gelu(first), masks?.hidden, hidden, horizon);
  const second = filled(cells, weights.array(ISSUE.deepBias));
  addProduct(inner, weights.array(ISSUE.deep), second, { ...size, inner: hidden });
  const deep = gelu(second);
  for (let i = 0; i < deep.length; i++) deep[i] = deep[i]! + inner[i]!;
  const steps = filled(issues, weights.array(ISSUE.bias)); // M × (H × quantiles)
  addProduct(deep, weights.array(ISSUE.out), steps, { rows: cells, inner: hidden, columns: levels });
  addDirect(steps, { features, day }, weights, config);
  const trace = { states, normalised, seen, first, second, hidden: inner, steps, deep };
  return { outputs: quantilesOf(steps, quantiles), trace };
}

/**
 * The way back: adds the gradient of the parameters to `gradient` and that of the states to the rows of `dx` (tokens ×
 * width), if there is one.
 */
export function backIssueHead(
  config: IssueHeadConfig,
  weights: ParameterViews,
  gradient: ParameterViews,
  { features, day, tokens, masks }: IssueBatch,
  trace: IssueTrace,
  dOutputs: Float32Array,
  dx?: Float32Array,
): void {
  const { horizon, hidden, quantiles, columns } = config;
  const { states, normalised, seen, first, second, hidden: inner, steps, deep } = trace;
  const width = weights.array(ISSUE.gain).length;
  const issues = tokens.length;
  const cells = issues * horizon;
  const levels = quantiles.length;
  const dSteps = quantilesBack(steps, dOutputs, quantiles);
  addRows(gradient.array(ISSUE.bias), dSteps);
  backDirect(gradient, { features, day }, dSteps, config);
  const transposeA = true;
  addProduct(deep, dSteps, gradient.array(ISSUE.out), {
    rows: hidden,
    inner: cells,
    columns: levels,
    transposeA,
  });
  const dInner = new Float32Array(cells * hidden);
  const back = { rows: cells, columns: hidden, transposeB: true };
  addProduct(dSteps, weights.array(ISSUE.out), dInner, { ...back, inner: levels });
  const dSecond = geluBack(second, dInner);
  addRows(gradient.array(ISSUE.deepBias), dSecond);
  const ofHidden = { rows: hidden, columns: hidden, transposeA };
  addProduct(inner, dSecond, gradient.array(ISSUE.deep), { ...ofHidden, inner: cells });
  addProduct(dSecond, weights.array(ISSUE.deep), dInner, { ...back, inner: hidden });
  const dFirst = geluBack(first, masked(dInner, masks?.hidden, hidden, horizon));
  const size = { columns: hidden, transposeA };
  addProduct(seen, dFirst, gradient.array(ISSUE.features), {
    ...size,
    rows: columns.length,
    inner: cells,
  });
  addRows(gradient.array(ISSUE.hour), dFirst);
  addRows(gradient.array(ISSUE.region), dFirst);
  const ofIssue = sumOfHours(dFirst, issues, horizon, hidden);
  const daySize = day.length / Math.max(1, issues);
  const seenDay = masked(day, masks?.day, daySize);
  addProduct(seenDay, ofIssue, gradient.array(ISSUE.day), { ...size, rows: daySize, inner: issues });
  addProduct(normalised, ofIssue, gradient.array(ISSUE.state), { ...size, rows: width, inner: issues });
  const dNormalised = new Float32Array(issues * width);
  const dState = { rows: issues, inner: hidden, columns: width, transposeB: true };
  addProduct(ofIssue, weights.array(ISSUE.state), dNormalised, dState);
  const dStates = normaliseRowsBack(
    states,
    weights.array(ISSUE.gain),
    dNormalised,
    gradient.array(ISSUE.gain),
  );
  if (!dx) return;
  tokens.forEach((token, m) => {
    for (let i = 0; i < width; i++) dx[token * width + i] = dx[token * width + i]! + dStates[m * width + i]!;
  });
}

/** Of every cell: its issue's part, its hour's and its region's. */
function startOfCells(
  ofIssue: Float32Array,
  weights: ParameterViews,
  { issues, horizon, hidden }: { issues: number; horizon: number; hidden: number },
): Float32Array {
  const hours = weights.array(ISSUE.hour);
  const region = weights.array(ISSUE.region);
  const cells = new Float32Array(issues * horizon * hidden);
  for (let m = 0, at = 0; m < issues; m++) {
    for (let h = 0; h < horizon; h++) {
      for (let i = 0; i < hidden; i++, at++) {
        cells[at] = ofIssue[m * hidden + i]! + hours[h * hidden + i]! + region[i]!;
      }
    }
  }
  return cells;
}

function sumOfHours(ofCells: Float32Array, issues: number, horizon: number, hidden: number): Float32Array {
  const sums = new Float32Array(issues * hidden);
  for (let m = 0, at = 0; m < issues; m++) {
    for (let h = 0; h < horizon; h++) {
      for (let i = 0; i < hidden; i++, at++) sums[m * hidden + i] = sums[m * hidden + i]! + ofCells[at]!;
    }
  }
  return sums;
}

/** Each row times its issue's mask; as it is where nothing is masked. */
function masked(
  values: Float32Array,
  mask: Float32Array | undefined,
  width: number,
  rowsPerIssue = 1,
): Float32Array {
  if (!mask) return values;
  const result = new Float32Array(values.length);
  for (let row = 0, at = 0; at < values.length; row++) {
    const issue = Math.floor(row / rowsPerIssue) * width;
    for (let i = 0; i < width; i++, at++) result[at] = values[at]! * mask[issue + i]!;
  }
  return result;
}

/** `row` over and over. */
function filled(times: number, row: Float32Array): Float32Array {
  const result = new Float32Array(times * row.length);
  for (let i = 0; i < times; i++) result.set(row, i * row.length);
  return result;
}

/** Adds all rows of `from`, each as long as `into`. */
function addRows(into: Float32Array, from: Float32Array): void {
  for (let at = 0; at < from.length; at += into.length) {
    for (let i = 0; i < into.length; i++) into[i] = into[i]! + from[at + i]!;
  }
}
