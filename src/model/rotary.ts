import { PADDING } from '../sequences/ring-layout.ts';

/**
 * Rotary position embedding (Su et al. 2021, arXiv:2104.09864): pair i of a head turns by position · base^(−2i/d),
 * so that a score depends on the hours between two tokens and not on where in the sequence, or on which rank, they
 * lie.
 */
export interface Rotation {
  /** tokens × headDim/2 */
  cos: Float32Array;
  sin: Float32Array;
  headDim: number;
}

const BASE = 10_000;

export function rotationOf(positions: Int32Array, headDim: number): Rotation {
  const half = headDim / 2;
  const cos = new Float32Array(positions.length * half);
  const sin = new Float32Array(positions.length * half);
  positions.forEach((position, token) => {
    for (let i = 0; i < half; i++) {
      const angle = position === PADDING ? 0 : position * BASE ** ((-2 * i) / headDim);
      cos[token * half + i] = Math.cos(angle);
      sin[token * half + i] = Math.sin(angle);
    }
  });
  return { cos, sin, headDim };
}

/** q, k or v out of tokens × 3·width (`part` 0, 1, 2) into heads × tokens × headDim, turned when `rotation` is given. */
export function splitHeads(
  qkv: Float32Array,
  part: number,
  heads: number,
  headDim: number,
  rotation?: Rotation,
): Float32Array {
  const width = heads * headDim;
  const tokens = qkv.length / (3 * width);
  const result = new Float32Array(tokens * width);
  for (let head = 0; head < heads; head++) {
    for (let token = 0; token < tokens; token++) {
      const from = token * 3 * width + part * width + head * headDim;
      result.set(qkv.subarray(from, from + headDim), (head * tokens + token) * headDim);
    }
  }
  if (rotation) turn(result, rotation, 1);
  return result;
}

/** The reverse of `splitHeads`, for gradients: turns back and writes into `target`. Changes `values` in place. */
export function mergeHeads(
  target: Float32Array,
  part: number,
  values: Float32Array,
  heads: number,
  headDim: number,
  rotation?: Rotation,
): void {
  const width = heads * headDim;
  const tokens = values.length / width;
  if (rotation) turn(values, rotation, -1);
  for (let head = 0; head < heads; head++) {
    for (let token = 0; token < tokens; token++) {
      const from = (head * tokens + token) * headDim;
      target.set(values.subarray(from, from + headDim), token * 3 * width + part * width + head * headDim);
    }
  }
}

/** heads × tokens × headDim to tokens × width. */
export function joinHeads(values: Float32Array, heads: number, headDim: number): Float32Array {
  const width = heads * headDim;
  const tokens = values.length / width;
  const result = new Float32Array(values.length);
  for (let head = 0; head < heads; head++) {
    for (let token = 0; token < tokens; token++) {
      const from = (head * tokens + token) * headDim;
      result.set(values.subarray(from, from + headDim), token * width + head * headDim);
    }
  }
  return result;
}

/** tokens × width to heads × tokens × headDim. */
export function partHeads(values: Float32Array, heads: number, headDim: number): Float32Array {
  const width = heads * headDim;
  const tokens = values.length / width;
  const result = new Float32Array(values.length);
  for (let head = 0; head < heads; head++) {
    for (let token = 0; token < tokens; token++) {
      const from = token * width + head * headDim;
      result.set(values.subarray(from, from + headDim), (head * tokens + token) * headDim);
    }
  }
  return result;
}

function turn(values: Float32Array, { cos, sin, headDim }: Rotation, sense: 1 | -1): void {
  const half = headDim / 2;
  const tokens = cos.length / half;
  for (let row = 0; row < values.length / headDim; row++) {
    const angle = (row % tokens) * half;
    const at = row * headDim;
    for (let i = 0; i < half; i++) {
      const a = values[at + i]!;
      const b = values[at + half + i]!;
      const c = cos[angle + i]!;
      const s = sense * sin[angle + i]!;
      values[at + i] = a * c - b * s;
      values[at + half + i] = a * s + b * c;
    }
  }
}
