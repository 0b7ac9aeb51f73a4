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

/** Rows added up at once: each value of the sums is then fetched and stored once for four of them. */
const ROWS = 4;

/** XᵀWX, of which the lower triangle is filled, and XᵀWy. */
function normalEquations({ x, y, width }: Regression, weights: Float64Array) {
  const gram = new Float64Array(width * width);
  const moment = new Float64Array(width);
  const scaled = new Float64Array(ROWS);
  let total = 0;
  for (let i = 0; i < y.length; i += ROWS) {
    // Rows past the end count for nothing: their weight is 0, their place that of the last.
    const last = y.length - 1;
    const at = (row: number) => Math.min(i + row, last) * width;
    const [a, b, c, d] = [at(0), at(1), at(2), at(3)];
    const weight = (row: number) => (i + row <= last ? weights[i + row]! : 0);
    const [wa, wb, wc, wd] = [weight(0), weight(1), weight(2), weight(3)];
    total += wa + wb + wc + wd;
    for (let j = 0; j < width; j++) {
      scaled[0] = wa * x[a + j]!;
      scaled[1] = wb * x[b + j]!;
      scaled[2] = wc * x[c + j]!;
      scaled[3] = wd * x[d + j]!;
      addRows(gram, j * width, j, x, a, b, c, d, scaled);
      moment[j]! += productOf(scaled, y, i, last);
    }
  }
  return { gram, moment, total };
}

function addRows(
  gram: Float64Array,
  row: number,
  to: number,
  x: Float64Array,
  a: number,
  b: number,
  c: number,
  d: number,
  scaled: Float64Array,
): void {
  const [sa, sb, sc, sd] = [scaled[0]!, scaled[1]!, scaled[2]!, scaled[3]!];
  for (let k = 0; k <= to; k++) {
    gram[row + k]! += sa * x[a + k]! + sb * x[b + k]! + sc * x[c + k]! + sd * x[d + k]!;
  }
}

function productOf(scaled: Float64Array, y: Float64Array, i: number, last: number): number {
  let sum = 0;
  for (let row = 0; row < ROWS; row++) sum += scaled[row]! * y[Math.min(i + row, last)]!;
  return sum;
}
