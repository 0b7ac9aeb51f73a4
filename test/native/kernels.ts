import type { Context } from 'mocha';
import { findKernels } from '../../src/native/load.ts';
import type { Kernels } from '../../src/native/kernels.ts';

/** The compiled kernels of this machine; where there are none, the test or its whole group is skipped. */
export function kernelsOr(context: Context): Kernels {
  const found = findKernels();
  if ('kernels' in found) return found.kernels;
  return context.skip();
}

/** The same numbers every time, between −1 and 1. */
export function noise(seed: number, count: number): Float32Array {
  let state = (seed * 2654435761) >>> 0 || 1;
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 31 - 1;
  });
}

export const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** max |a − b| as a share of max |b|. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const differences = Float64Array.from(a, (value, i) => value - b[i]!);
  return largest(differences) / (largest(b) || 1);
}
