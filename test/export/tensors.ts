import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '../../src/lake/safetensors.ts';

/** Outputs by their names. */
export type Answers = Record<string, { shape: number[]; data: Float32Array }>;

export function tensorsOf(inputs: Record<string, Tensor>): Map<string, tf.Tensor> {
  return new Map(
    Object.entries(inputs).map(([name, { data, shape, dtype }]) => [
      name,
      tf.tensor(data as Float32Array | Int32Array, shape, dtype === 'I32' ? 'int32' : 'float32'),
    ]),
  );
}
