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
}

const BASE = 10_000;

export function rotationOf(positions: Int32Array, headDim: number): Rotation {
  const half = headDim / 2;
  const frequencies = Float64Array.from({ length: half }, (_, i) => BASE ** ((-2 * i) / headDim));
  const cos = new Float32Array(positions.length * half);
  const sin = new Float32Array(positions.length * half);
  for (let token = 0; token < positions.length; token++) {
    const position = positions[token] === PADDING ? 0 : positions[token]!;
    for (let i = 0; i < half; i++) {
      const angle = position * frequencies[i]!;
      cos[token * half + i] = Math.cos(angle);
      sin[token * half + i] = Math.sin(angle);
    }
  }
  return { cos, sin };
}
