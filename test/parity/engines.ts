import type { BlockAttention } from '../../src/attention/block-attention.ts';
import { NativeBlockAttention } from '../../src/attention/native-block-attention.ts';
import { TensorBlockAttention } from '../../src/attention/tensor-block-attention.ts';
import { findKernels } from '../../src/native/load.ts';

export interface TestedEngine {
  name: string;
  engine: BlockAttention;
}

export const found = findKernels();

/** Tiles so small that short sequences have many of them, of both kinds: masked and whole. */
export const TENSOR: TestedEngine = { name: 'TensorFlow.js', engine: new TensorBlockAttention(32) };

/** Everything that computes blocks on this machine. */
export const ENGINES: TestedEngine[] = [
  TENSOR,
  ...('kernels' in found
    ? found.kernels.variants.map((variant) => ({
        name: `kernel ${variant}`,
        engine: new NativeBlockAttention(found.kernels, { variant, threads: 1 }),
      }))
    : []),
];
