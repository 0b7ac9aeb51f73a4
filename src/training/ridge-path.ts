/**
 * Least squares with a penalty on all weights but the intercept (Hoerl & Kennard 1970), by Cholesky's factors of the
 * normal equations of centred columns. `penalty` is a share of each column's own variance, whatever its unit.
 */
export function solveRidge(
  rows: readonly Float64Array[],
  values: Float64Array,
  penalty: number,
): { weights: Float64Array; intercept: number } {
  const width = rows[0]!.length;
  const means = columnMeans(rows, width);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const gram = new Float64Array(width * width);
  const right = new Float64Array(width);
  const centred = new Float64Array(width);
  rows.forEach((row, i) => {
    for (let c = 0; c < width; c++) centred[c] = row[c]! - means[c]!;
    const value = values[i]! - mean;
    for (let c = 0; c < width; c++) {
      const factor = centred[c]!;
      right[c] = right[c]! + factor * value;
      for (let d = 0; d <= c; d++) gram[c * width + d] = gram[c * width + d]! + factor * centred[d]!;
    }
  });
  for (let c = 0; c < width; c++) {
    const variance = gram[c * width + c]!;
    // A column that never varies gets no weight.
    gram[c * width + c] = variance > 0 ? (1 + penalty) * variance : 1;
  }
  const weights = solve(gram, right, width);
  const intercept = mean - means.reduce((sum, value, c) => sum + value * weights[c]!, 0);
  return { weights, intercept };
}

function columnMeans(rows: readonly Float64Array[], width: number): Float64Array {
  const means = new Float64Array(width);
  for (const row of rows) for (let c = 0; c < width; c++) means[c] = means[c]! + row[c]!;
  return means.map((sum) => sum / rows.length);
}

/** Of a symmetric positive definite matrix, whose lower triangle is overwritten by its factor. */
function solve(matrix: Float64Array, right: Float64Array, size: number): Float64Array {
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
