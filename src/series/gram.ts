/** Products of all windows of a series with each other, and least squares from them. */

/**
 * Σ over windows of vvᵀ for v = the `width` values from each window's start on, row-major. Each entry follows from the
 * one up and left of it by one value in and one out, so that the cost does not grow with the number of windows.
 */
export function windowGram(values: Float64Array, from: number, windows: number, width: number): Float64Array {
  const gram = new Float64Array(width * width);
  for (let lag = 0; lag < width; lag++) {
    let sum = 0;
    for (let t = from; t < from + windows; t++) sum += values[t]! * values[t + lag]!;
    put(gram, width, 0, lag, sum);
    for (let i = 1; i + lag < width; i++) {
      const gone = from + i - 1;
      const come = gone + windows;
      sum += values[come]! * values[come + lag]! - values[gone]! * values[gone + lag]!;
      put(gram, width, i, i + lag, sum);
    }
  }
  return gram;
}

function put(gram: Float64Array, width: number, i: number, j: number, value: number): void {
  gram[i * width + j] = value;
  gram[j * width + i] = value;
}

/**
 * The same for windows whose first `context` values have had their mean taken off all `width` values: with P taking
 * the mean off, P·gram·Pᵀ. In place.
 */
export function centreGram(gram: Float64Array, width: number, context: number): void {
  const mean = new Float64Array(width);
  for (let j = 0; j < width; j++) {
    for (let i = 0; i < context; i++) mean[j]! += gram[i * width + j]! / context;
  }
  let all = 0;
  for (let j = 0; j < context; j++) all += mean[j]! / context;
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < width; j++) gram[i * width + j]! += all - mean[i]! - mean[j]!;
  }
}

/** The lower factor of (a + ridge·I), `size` rows of a matrix whose rows are `stride` wide. */
export function cholesky(a: Float64Array, stride: number, size: number, ridge: number): Float64Array {
  const l = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * stride + j]! + (i === j ? ridge : 0);
      for (let k = 0; k < j; k++) sum -= l[i * size + k]! * l[j * size + k]!;
      l[i * size + j] = i === j ? Math.sqrt(sum) : sum / l[j * size + j]!;
    }
  }
  return l;
}

/** Solves l·lᵀ·x = b for `columns` right-hand sides at once, in place: row-major, a row of b for a row of l. */
export function solve(l: Float64Array, size: number, b: Float64Array, columns: number): Float64Array {
  const take = (row: number, from: number, factor: number) => {
    const [into, out] = [row * columns, from * columns];
    for (let c = 0; c < columns; c++) b[into + c]! -= factor * b[out + c]!;
  };
  const divide = (row: number, by: number) => {
    for (let c = row * columns; c < (row + 1) * columns; c++) b[c]! /= by;
  };
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) take(i, k, l[i * size + k]!);
    divide(i, l[i * size + i]!);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) take(i, k, l[k * size + i]!);
    divide(i, l[i * size + i]!);
  }
  return b;
}

/** Σ of squared errors that weights (context × horizon) make on the windows behind a centred Gram matrix. */
export function squaredErrors(
  gram: Float64Array,
  context: number,
  horizon: number,
  weights: Float64Array,
): number {
  const width = context + horizon;
  let sum = 0;
  const row = new Float64Array(horizon);
  for (let i = 0; i < context; i++) {
    row.fill(0);
    for (let k = 0; k < context; k++) {
      const g = gram[i * width + k]!;
      for (let h = 0; h < horizon; h++) row[h]! += g * weights[k * horizon + h]!;
    }
    for (let h = 0; h < horizon; h++) {
      sum += weights[i * horizon + h]! * (row[h]! - 2 * gram[i * width + context + h]!);
    }
  }
  for (let h = context; h < width; h++) sum += gram[h * width + h]!;
  return sum;
}
