import { letGo, WORTH_GIVING_BACK } from './lent-memory.ts';
import { invalidArgument } from './problem.ts';

/** Element types as servables know them, by TensorFlow's names in `types.proto`, with the arrays that hold them. */
export const DTYPES = {
  float32: { tensorflow: 'DT_FLOAT', number: 1, array: Float32Array },
  float64: { tensorflow: 'DT_DOUBLE', number: 2, array: Float64Array },
  int32: { tensorflow: 'DT_INT32', number: 3, array: Int32Array },
  uint8: { tensorflow: 'DT_UINT8', number: 4, array: Uint8Array },
  string: { tensorflow: 'DT_STRING', number: 7, array: Array },
  int64: { tensorflow: 'DT_INT64', number: 9, array: BigInt64Array },
  bool: { tensorflow: 'DT_BOOL', number: 10, array: Uint8Array },
} as const;

export type Dtype = keyof typeof DTYPES;
export type NumericData = Float32Array | Float64Array | Int32Array | Uint8Array | BigInt64Array;
/** `bool` is a byte each, 0 or 1; `string` the bytes of each. */
export type TensorData = NumericData | Uint8Array[];

/** Row-major. What is made once is not written to again: answers may lie in a cache. */
export interface ServingTensor {
  dtype: Dtype;
  shape: readonly number[];
  data: TensorData;
}

export type TensorMap = ReadonlyMap<string, ServingTensor>;

export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, axis) => size * axis, 1);

export function dtypeByNumber(number: number): Dtype | undefined {
  return (Object.keys(DTYPES) as Dtype[]).find((dtype) => DTYPES[dtype].number === number);
}

export function dtypeByName(name: string): Dtype | undefined {
  return (Object.keys(DTYPES) as Dtype[]).find((dtype) => DTYPES[dtype].tensorflow === name);
}

/** @throws ServingProblem INVALID_ARGUMENT where the values do not fill the shape */
export function servingTensor(dtype: Dtype, shape: readonly number[], data: TensorData): ServingTensor {
  if (data.length !== sizeOf(shape)) {
    throw invalidArgument(
      `A tensor of shape [${shape.join(', ')}] holds ${sizeOf(shape)} values, not ${data.length}.`,
    );
  }
  return { dtype, shape, data };
}

/** Bytes that a tensor takes in memory. */
export function bytesOf({ data }: ServingTensor): number {
  return Array.isArray(data) ? data.reduce((sum, { length }) => sum + length + 16, 0) : data.byteLength;
}

export const onlyOutputs = (outputs: TensorMap, asked: readonly string[]): TensorMap =>
  new Map(asked.map((name) => [name, outputs.get(name)!]));

/** The same values in memory of their own. */
export const copyOf = (tensors: TensorMap): TensorMap =>
  new Map([...tensors].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]));

/**
 * Gives the memory of tensors back at once, each of which has its own: nobody may read them any more.
 *
 * @param except what may lie in the same memory, and stays
 */
export function letGoOf(tensors: TensorMap, except: TensorMap = NO_TENSORS): void {
  for (const { data } of tensors.values()) {
    if (Array.isArray(data) || data.byteLength < WORTH_GIVING_BACK) continue;
    const { buffer } = data;
    const isPart = data.byteLength !== buffer.byteLength;
    if (!isPart && !liesIn(except, buffer)) letGo(buffer as ArrayBuffer);
  }
}

const NO_TENSORS: TensorMap = new Map();

function liesIn(tensors: TensorMap, buffer: ArrayBufferLike): boolean {
  for (const { data } of tensors.values()) if (!Array.isArray(data) && data.buffer === buffer) return true;
  return false;
}
