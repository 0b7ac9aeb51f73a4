import { cholesky, solve } from './gram.ts';
import { seasonsOf } from './seasons.ts';
import type { SeriesData } from './series-data.ts';
import type { Part } from './split.ts';

/**
 * What covariates say of a target at the same moment: a slope for each one's value and for its square (temperature
 * works both ways). What they explain is taken off before the past is looked at, and put back at the hours ahead.
 */
export function covariatePart({ covariates }: SeriesData, slopes: ArrayLike<number>, row: number): number {
  let sum = 0;
  for (const [i, values] of covariates.entries()) {
    const value = values[row]!;
    sum += slopes[i]! * value + slopes[covariates.length + i]! * value * value;
  }
  return sum;
}

/** Rows `from` … `to` (excluded) of a target without what covariates explain. */
export function baseOf(
  data: SeriesData,
  target: number,
  slopes: ArrayLike<number>,
  from = 0,
  to = data.rows,
): Float64Array {
  const values = data.values[target]!;
  return Float64Array.from(
    { length: to - from },
    (_, i) => values[from + i]! - covariatePart(data, slopes, from + i),
  );
}

/** Keeps the slopes finite where covariates say the same. */
const RIDGE = 1e-3;

/**
 * Least squares of changes from season to season: levels of the hours of a day, which both follow, would otherwise
 * count as an effect of the covariate.
 */
export function fitSlopes(data: SeriesData, target: number, { from, to }: Part): Float64Array {
  const { covariates, values, step } = data;
  const count = 2 * covariates.length;
  if (count === 0) return new Float64Array(0);
  const season = seasonsOf(step).day ?? 1;
  const gram = new Float64Array(count * count);
  const products = new Float64Array(count);
  const change = new Float64Array(count);
  for (let row = from + season; row < to; row++) {
    for (const [i, covariate] of covariates.entries()) {
      const [now, before] = [covariate[row]!, covariate[row - season]!];
      change[i] = now - before;
      change[covariates.length + i] = now * now - before * before;
    }
    const moved = values[target]![row]! - values[target]![row - season]!;
    for (let i = 0; i < count; i++) {
      products[i]! += change[i]! * moved;
      for (let j = 0; j < count; j++) gram[i * count + j]! += change[i]! * change[j]!;
    }
  }
  const factor = cholesky(gram, count, count, RIDGE * (to - from));
  return solve(factor, count, products, 1);
}
