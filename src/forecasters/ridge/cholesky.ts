/**
 * Solves A·x = b for a symmetric positive definite A (n × n, row-major; its lower triangle is read), in float64.
 * `factor` is overwritten with the Cholesky factor.
 */
export function solvePositive(a: Float64Array, b: Float64Array, factor: Float64Array): Float64Array {
  const n = b.length;
  for (let row = 0; row < n; row++) {
    const r = row * n;
    for (let column = 0; column <= row; column++) {
      const c = column * n;
      // Two sums side by side: one would wait for itself at every step.
      let even = 0;
      let odd = 0;
      let k = 0;
      for (; k + 1 < column; k += 2) {
        even += factor[r + k]! * factor[c + k]!;
        odd += factor[r + k + 1]! * factor[c + k + 1]!;
      }
      if (k < column) even += factor[r + k]! * factor[c + k]!;
      const left = a[r + column]! - even - odd;
      // Rounding can leave a direction that the penalty alone holds a hair below zero.
      factor[r + column] = column < row ? left / factor[c + column]! : Math.sqrt(Math.max(left, 1e-12));
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
