import { MEDIAN, QUANTILES, type IssueTable } from '../../day-ahead/issue-table.ts';
import { isKnown } from '../cells.ts';
import type { FittedForecaster } from '../forecaster.ts';
import { quantileOfSorted } from '../quantiles.ts';

const LEVELS = QUANTILES.length;
/** An hour with fewer residuals takes those of all hours. */
const FEWEST_OF_AN_HOUR = 40;

/** What one member says of a table: medians in MW, N × H, and its quantiles as ln(quantile/median), N × H × levels. */
export interface MemberForecast {
  medians: Float64Array;
  /** Undefined where it answers with the median alone. */
  offsets: Float64Array | undefined;
}

/** Of a member that is not asked. */
export const noForecast = ({ base }: IssueTable): MemberForecast => ({
  medians: new Float64Array(base.length).fill(Number.NaN),
  offsets: undefined,
});

export async function forecastOf(member: FittedForecaster, table: IssueTable): Promise<MemberForecast> {
  const values = await member.predict(table);
  if (member.levels.length === 1) return { medians: values, offsets: undefined };
  const medians = new Float64Array(values.length / LEVELS);
  const offsets = new Float64Array(values.length);
  for (let cell = 0; cell < medians.length; cell++) {
    medians[cell] = values[cell * LEVELS + MEDIAN]!;
    for (let q = 0; q < LEVELS; q++) {
      offsets[cell * LEVELS + q] = Math.log(values[cell * LEVELS + q]! / medians[cell]!);
    }
  }
  return { medians, offsets };
}

/**
 * The spread that a forecaster of medians is given: quantiles of its own errors ln(actual/median) by target hour, on
 * issues that it was not fitted on. H × levels, 0 at the median.
 */
export function errorQuantiles(table: IssueTable, medians: Float64Array, knownBy: number): Float64Array {
  const { horizon } = table;
  const byHour = Array.from({ length: horizon }, (): number[] => []);
  medians.forEach((median, cell) => {
    if (median > 0 && isKnown(table, cell, knownBy)) {
      byHour[cell % horizon]!.push(Math.log(table.actual[cell]! / median));
    }
  });
  const all = Float64Array.from(byHour.flat()).sort();
  return Float64Array.from({ length: horizon * LEVELS }, (_, i) => {
    const errors = byHour[Math.floor(i / LEVELS)]!;
    const level = QUANTILES[i % LEVELS]!;
    const sorted = errors.length < FEWEST_OF_AN_HOUR ? all : Float64Array.from(errors).sort();
    const value = quantileOfSorted(sorted, level) || 0;
    return level < 0.5 ? Math.min(0, value) : level > 0.5 ? Math.max(0, value) : 0;
  });
}

export interface Combined {
  medians: Float64Array;
  /** N × H × levels. */
  offsets: Float64Array;
}

/**
 * The weighted mean of the members' medians in MW, and of their quantiles as distances from them (Vincent averaging: it
 * keeps the members' shape, where a mixture would add their disagreement to the spread). Where a member has no value
 * the others share its weight. `weights` are N × M.
 */
export function combine(
  table: IssueTable,
  forecasts: readonly MemberForecast[],
  weights: Float64Array,
  spreads: readonly Float64Array[],
): Combined {
  const cells = table.base.length;
  const medians = new Float64Array(cells).fill(Number.NaN);
  const offsets = new Float64Array(cells * LEVELS);
  for (let cell = 0; cell < cells; cell++) {
    let total = 0;
    let sum = 0;
    const hour = (cell % table.horizon) * LEVELS;
    const own = Math.floor(cell / table.horizon) * forecasts.length;
    forecasts.forEach((forecast, m) => {
      const median = forecast.medians[cell]!;
      const weight = weights[own + m]!;
      if (!(median > 0) || weight === 0) return;
      total += weight;
      sum += weight * median;
      for (let q = 0; q < LEVELS; q++) {
        const offset = forecast.offsets?.[cell * LEVELS + q] ?? spreads[m]![hour + q]!;
        offsets[cell * LEVELS + q]! += weight * offset;
      }
    });
    if (total === 0) continue;
    medians[cell] = sum / total;
    for (let q = 0; q < LEVELS; q++) offsets[cell * LEVELS + q]! /= total;
  }
  return { medians, offsets };
}
