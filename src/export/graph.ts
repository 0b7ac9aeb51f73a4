import type { Int8Matrix } from '../model/stored-parameters.ts';

/** The size of the batch, the first axis of whatever depends on an input; all other sizes are fixed. */
export const BATCH = -1;

export type Dtype = 'float32' | 'int32' | 'bool';

/** A tensor by its name. */
export interface Value {
  readonly name: string;
  readonly dtype: Dtype;
  /** `BATCH` first where there is one value for each item of the batch. */
  readonly shape: readonly number[];
}

export interface Constant extends Value {
  readonly data: Float32Array;
  /** What `data` was made of, where that is int8: of a matrix, one step a column. */
  readonly int8?: Int8Matrix | undefined;
}

/** An input or output, as people are told of it. */
export interface Port extends Value {
  /** Names of the axes, such as `hours`. */
  readonly axes: readonly string[];
  readonly unit: string;
  readonly about: string;
}

export type Operation =
  /** Of equal or broadcast shapes. */
  | { op: 'add' | 'subtract' | 'multiply' | 'divide' | 'minimum' | 'maximum' }
  | { op: 'greaterEqual' | 'less' | 'and' }
  /** Of the last two axes; those before are broadcast. */
  | { op: 'matmul' }
  | { op: 'exp' | 'sqrt' | 'sigmoid' | 'softplus' | 'isNaN' | 'toFloat' | 'identity' }
  /** Of the last axis; the mean keeps it with size 1. */
  | { op: 'softmax' | 'mean' }
  /** Condition, then, else. */
  | { op: 'where' }
  /** Rows of the first input at the indices that are the second. */
  | { op: 'gather' }
  | { op: 'reshape'; shape: readonly number[] }
  | { op: 'transpose'; order: readonly number[] }
  | { op: 'concat'; axis: number }
  /** Without `to`. */
  | { op: 'slice'; axis: number; from: number; to: number };

export type GraphNode = Operation & { readonly inputs: readonly Value[]; readonly output: Value };

/** What an exported network computes, in operations that ONNX and TensorFlow both have and mean the same by. */
export interface Graph {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly constants: readonly Constant[];
  /** Each after what it takes. */
  readonly nodes: readonly GraphNode[];
}
