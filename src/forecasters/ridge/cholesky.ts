/**
 * Solves A·x = b for a symmetric positive definite A (n × n, row-major; its lower triangle is read), in float64.
 * `factor` is overwritten with the Cholesky factor.
 */
export function solvePositive(a: Float64Array, b: Float64Array, factor: Float64Array): Float64Array {
  const n = b.length;
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = a[row * n + column]!;
      const [r, c] = [row * n, column * n];
      for (let k = 0; k < column; k++) sum -= factor[r + k]! * factor[c + k]!;
      if (column < row) factor[r + column] = sum / factor[c + column]!;
      // Rounding can leave a direction that the penalty alone holds a hair below zero.
      else factor[r + row] = Math.sqrt(Math.max(sum, 1e-12));
    }
  }
  const x = Float64Array.from(b);
  for (let row = 0; row < n; row++) {
    let sum = x[row]!;
    for (let k = 0; k < row; k++) sum -= factor[row * n + k]! * x[k]!;
    x[row] = sum / factor[row * n + row]!;
  }
  for (let row = n - 1; row >= 0; row--) {
    let sum = x[row]!;
    for (let k = row + 1; k < n; k++) sum -= factor[k * n + row]! * x[k]!;
    x[row] = sum / factor[row * n + row]!;
  }
  return x;
}
