import type { Dtype } from './tensor.ts';

/** An input or output by the name that callers use. */
export interface ServingPort {
  name: string;
  dtype: Dtype;
  /** −1: any size; null: any rank. */
  shape: readonly number[] | null;
  /** The tensor in the graph, such as `x:0`; TensorFlow Serving's metadata tells it. */
  tensor: string;
}

export type MethodName =
  'tensorflow/serving/predict' | 'tensorflow/serving/classify' | 'tensorflow/serving/regress';

export interface ServingSignature {
  method: MethodName;
  /** By name, ascending. */
  inputs: readonly ServingPort[];
  outputs: readonly ServingPort[];
}

export type Signatures = ReadonlyMap<string, ServingSignature>;

export const DEFAULT_SIGNATURE = 'serving_default';
