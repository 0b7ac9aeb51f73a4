/** As in `segments.ts`, on plain arrays: what is too small to be worth a call of an engine. */
export const EPSILON = 1e-6;
export const STEEPNESS = 1.702;

/** Root-mean-square normalisation of each row, as long as `gain`, times `gain`. */
export function normaliseRows(x: Float32Array, gain: Float32Array): Float32Array {
  const width = gain.length;
  const y = new Float32Array(x.length);
  for (let at = 0; at < x.length; at += width) {
    const inverse = inverseSize(x, at, width);
    for (let i = 0; i < width; i++) y[at + i] = x[at + i]! * inverse * gain[i]!;
  }
  return y;
}

/** The gradient of x; adds that of the gain to `dGain`. */
export function normaliseRowsBack(
  x: Float32Array,
  gain: Float32Array,
  dy: Float32Array,
  dGain: Float32Array,
): Float32Array {
  const width = gain.length;
  const dx = new Float32Array(x.length);
  for (let at = 0; at < x.length; at += width) {
    const inverse = inverseSize(x, at, width);
    let along = 0;
    for (let i = 0; i < width; i++) {
      const unit = x[at + i]! * inverse;
      along += dy[at + i]! * gain[i]! * unit;
      dGain[i] = dGain[i]! + dy[at + i]! * unit;
    }
    along /= width;
    for (let i = 0; i < width; i++) {
      dx[at + i] = (dy[at + i]! * gain[i]! - x[at + i]! * inverse * along) * inverse;
    }
  }
  return dx;
}

function inverseSize(x: Float32Array, at: number, width: number): number {
  let squares = 0;
  for (let i = 0; i < width; i++) squares += x[at + i]! * x[at + i]!;
  return 1 / Math.sqrt(squares / width + EPSILON);
}

/** x·σ(1.702·x) (Hendrycks & Gimpel 2016). */
export function gelu(x: Float32Array): Float32Array {
  const y = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) y[i] = x[i]! / (1 + Math.exp(-STEEPNESS * x[i]!));
  return y;
}

/** dy times the slope at x. */
export function geluBack(x: Float32Array, dy: Float32Array): Float32Array {
  const dx = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const gate = 1 / (1 + Math.exp(-STEEPNESS * x[i]!));
    dx[i] = dy[i]! * gate * (1 + STEEPNESS * x[i]! * (1 - gate));
  }
  return dx;
}
