import { addProduct } from '../model/products.ts';

/**
 * Least squares with a penalty on all weights but the intercept (Hoerl & Kennard 1970), by Cholesky's factors of the
 * normal equations of centred columns. `rows` is count × columns, standardised, so that their products may be summed in
 * float32; `penalty` is a share of each column's own variance.
 */
export function solveRidge(
  rows: Float32Array,
  values: Float64Array,
  penalty: number,
): { weights: Float64Array; intercept: number } {
  const count = values.length;
  const width = rows.length / count;
  const products = new Float32Array(width * width);
  addProduct(rows, rows, products, { rows: width, inner: count, columns: width, transposeA: true });
  const gram = Float64Array.from(products);
  const sums = new Float64Array(width);
  const right = new Float64Array(width);
  let total = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    total += value;
    for (let c = 0; c < width; c++) {
      const x = rows[i * width + c]!;
      sums[c] = sums[c]! + x;
      right[c] = right[c]! + x * value;
    }
  }
  const means = sums.map((sum) => sum / count);
  centre(gram, means, count, penalty);
  const weights = solve(
    right.map((sum, c) => sum - means[c]! * total),
    gram,
  );
  return { weights, intercept: total / count - means.reduce((sum, mean, c) => sum + mean * weights[c]!, 0) };
}

/** Of the lower triangle of the sums of products, those of centred columns, and the penalty. */
function centre(gram: Float64Array, means: Float64Array, count: number, penalty: number): void {
  const width = means.length;
  for (let c = 0; c < width; c++) {
    const whole = gram[c * width + c]!;
    for (let d = 0; d <= c; d++) gram[c * width + d] = gram[c * width + d]! - count * means[c]! * means[d]!;
    const variance = gram[c * width + c]!;
    if (variance > 1e-5 * whole) {
      gram[c * width + c] = (1 + penalty) * variance;
      continue;
    }
    // A column that never varies gets no weight.
    for (let d = 0; d < c; d++) gram[c * width + d] = 0;
    for (let d = c + 1; d < width; d++) gram[d * width + c] = 0;
    gram[c * width + c] = 1;
  }
}

/** Of a symmetric positive definite matrix, whose lower triangle is overwritten by its factor. */
function solve(right: Float64Array, matrix: Float64Array): Float64Array {
  const size = right.length;
  for (let c = 0; c < size; c++) {
    for (let d = 0; d <= c; d++) {
      let sum = matrix[c * size + d]!;
      for (let k = 0; k < d; k++) sum -= matrix[c * size + k]! * matrix[d * size + k]!;
      matrix[c * size + d] = c === d ? Math.sqrt(sum) : sum / matrix[d * size + d]!;
    }
  }
  const x = right.slice();
  for (let c = 0; c < size; c++) {
    for (let k = 0; k < c; k++) x[c] = x[c]! - matrix[c * size + k]! * x[k]!;
    x[c] = x[c]! / matrix[c * size + c]!;
  }
  for (let c = size - 1; c >= 0; c--) {
    for (let k = c + 1; k < size; k++) x[c] = x[c]! - matrix[k * size + c]! * x[k]!;
    x[c] = x[c]! / matrix[c * size + c]!;
  }
  return x;
}
