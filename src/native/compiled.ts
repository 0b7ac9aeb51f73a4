import type { Kernels } from './kernels.ts';

/** The kernels that this process computes with, and on how many threads. */
export interface Compiled {
  kernels: Kernels;
  threads: number;
}

let current: Compiled | undefined;

/** As `tf.setBackend` does for tensors: for the whole process, from now on. */
export function computeWith(compiled: Compiled | undefined): void {
  current = compiled;
}

/** Undefined: TensorFlow.js computes. */
export const compiled = (): Compiled | undefined => current;
