import type { SeriesPlan } from '../contracts/series.ts';
import type { CleanSeries } from './clean.ts';
import { partsOf, requireWindows, type Parts } from './split.ts';
import { scaleOf, standardised, type Scale } from './standardise.ts';

/** A series with its parts, standardised by its training part. */
export interface SeriesData {
  start: number;
  step: number;
  rows: number;
  horizon: number;
  context: number;
  names: string[];
  /** By target. */
  values: Float64Array[];
  scales: Scale[];
  covariateNames: string[];
  /** By covariate; may go on after the last row. */
  covariates: Float64Array[];
  covariateScales: Scale[];
}

export function seriesData(
  series: CleanSeries,
  plan: Pick<SeriesPlan, 'horizon' | 'context' | 'split'>,
): { data: SeriesData; parts: Parts } {
  const parts = partsOf(series.rows, series.step, plan.split);
  requireWindows(parts, series.rows, plan.context, plan.horizon);
  const scaled = (columns: ReadonlyMap<string, Float64Array>) =>
    [...columns].map(([name, values]) => scaleOf(name, values, parts.train));
  const data = standardisedSeries(series, plan, scaled(series.targets), scaled(series.covariates));
  return { data, parts };
}

/** By scales of before: what a trained model is given. */
export function standardisedSeries(
  { start, step, rows, targets, covariates }: CleanSeries,
  { horizon, context }: Pick<SeriesPlan, 'horizon' | 'context'>,
  scales: Scale[],
  covariateScales: Scale[],
): SeriesData {
  return {
    start,
    step,
    rows,
    horizon,
    context,
    names: [...targets.keys()],
    values: [...targets.values()].map((values, i) => standardised(values, scales[i]!)),
    scales,
    covariateNames: [...covariates.keys()],
    covariates: [...covariates.values()].map((values, i) => standardised(values, covariateScales[i]!)),
    covariateScales,
  };
}
