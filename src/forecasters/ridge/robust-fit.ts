import { quantile } from '../quantiles.ts';
import { solvePositive } from './cholesky.ts';

/** Rows of a regression: `x` is rows × width, the last column the constant, which is not penalised. */
export interface Regression {
  x: Float64Array;
  y: Float64Array;
  weights: Float64Array;
  width: number;
}

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
  const { y, weights, width } = rows;
  const factor = new Float64Array(width * width);
  const solve = (w: Float64Array) => {
    const { gram, moment, total } = normalEquations(rows, w);
    for (let j = 0; j < width - 1; j++) gram[j * width + j]! += lambda * total;
    return solvePositive(gram, moment, factor);
  };
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

/** XᵀWX, of which the lower triangle is filled, and XᵀWy. */
function normalEquations({ x, y, width }: Regression, weights: Float64Array) {
  const gram = new Float64Array(width * width);
  const moment = new Float64Array(width);
  let total = 0;
  for (let i = 0; i < y.length; i++) {
    const weight = weights[i]!;
    if (weight === 0) continue;
    total += weight;
    const from = i * width;
    const wy = weight * y[i]!;
    for (let j = 0; j < width; j++) {
      const value = x[from + j]!;
      if (value === 0) continue;
      moment[j]! += wy * value;
      const scaled = weight * value;
      const row = j * width;
      for (let k = 0; k <= j; k++) gram[row + k]! += scaled * x[from + k]!;
    }
  }
  return { gram, moment, total };
}
