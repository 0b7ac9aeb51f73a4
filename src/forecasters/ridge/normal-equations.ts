/** Rows of a regression: `x` is rows × width, the last column the constant, which is not penalised. */
export interface Regression {
  x: Float64Array;
  y: Float64Array;
  weights: Float64Array;
  width: number;
}

/** Rows added up at once: each value of the sums is then fetched and stored once for four of them. */
const ROWS = 4;

/**
 * XᵀWX, of which the lower triangle is filled, and XᵀWy. `kernels/dense` adds up in the same order (its test holds it to
 * that): change both or neither.
 */
export function normalEquations({ x, y, width }: Regression, weights: Float64Array) {
  const gram = new Float64Array(width * width);
  const moment = new Float64Array(width);
  const scaled = new Float64Array(ROWS);
  for (let i = 0; i < y.length; i += ROWS) {
    // Rows past the end count for nothing: their weight is 0, their place that of the last.
    const last = y.length - 1;
    const at = (row: number) => Math.min(i + row, last) * width;
    const [a, b, c, d] = [at(0), at(1), at(2), at(3)];
    const weight = (row: number) => (i + row <= last ? weights[i + row]! : 0);
    const [wa, wb, wc, wd] = [weight(0), weight(1), weight(2), weight(3)];
    for (let j = 0; j < width; j++) {
      scaled[0] = wa * x[a + j]!;
      scaled[1] = wb * x[b + j]!;
      scaled[2] = wc * x[c + j]!;
      scaled[3] = wd * x[d + j]!;
      addRows(gram, j * width, j, x, a, b, c, d, scaled);
      moment[j]! += productOf(scaled, y, i, last);
    }
  }
  return { gram, moment };
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
