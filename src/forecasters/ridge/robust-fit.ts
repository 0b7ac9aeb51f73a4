import { quantile } from '../quantiles.ts';
import { weightedRidge } from './weighted-ridge.ts';
import type { Regression } from './normal-equations.ts';

export interface RobustOptions {
  /** The penalty on each standardised coefficient, as a share of the rows' weight. */
  lambda: number;
  /** Rounds of reweighting after the first; 0 is the closed form of least squares. */
  rounds: number;
  /** Residuals beyond so many times their median size count by their size, not by its square. */
  huber: number;
  /** Coefficients to take the first round's residuals from. */
  start?: Float64Array | undefined;
}

/**
 * Ridge regression whose outliers are weighed down (Huber 1964, by iterated reweighting): minimises
 * Σ w·ρ(y − x·β) + λ·Σw·|β|². With no rounds and no start it is the closed form (XᵀWX + λ·Σw·I)⁻¹XᵀWy.
 */
export function robustRidge(rows: Regression, { lambda, rounds, huber, start }: RobustOptions): Float64Array {
  const { y, weights } = rows;
  const solve = weightedRidge(rows, lambda);
  let beta = start ?? solve(weights);
  for (let round = 0; round < rounds; round++) {
    const residuals = y.map((value, i) => Math.abs(value - productAt(rows, i, beta)));
    const limit = Math.max(huber * quantile(residuals, 0.5), 1e-9);
    beta = solve(weights.map((w, i) => w * Math.min(1, limit / residuals[i]!)));
  }
  return beta;
}

export function productAt({ x, width }: Pick<Regression, 'x' | 'width'>, row: number, beta: Float64Array) {
  let sum = 0;
  const from = row * width;
  for (let j = 0; j < width; j++) sum += x[from + j]! * beta[j]!;
  return sum;
}
