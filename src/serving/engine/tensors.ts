import * as tf from '@tensorflow/tfjs';
import { invalidArgument, ServingProblem } from '../problem.ts';
import type { ServingPort } from '../signature.ts';
import { sizeOf, type Dtype, type ServingTensor, type TensorData } from '../tensor.ts';

/** What TensorFlow.js computes with in place of each type; wider numbers are narrowed. */
export function toTensor({ dtype, shape, data }: ServingTensor, name: string): tf.Tensor {
  const sizes = [...shape];
  switch (dtype) {
    case 'float32':
      return tf.tensor(data as Float32Array, sizes, 'float32');
    case 'float64':
      return tf.tensor(Float32Array.from(data as Float64Array), sizes, 'float32');
    case 'int32':
      return tf.tensor(data as Int32Array, sizes, 'int32');
    case 'uint8':
      return tf.tensor(Int32Array.from(data as Uint8Array), sizes, 'int32');
    case 'int64':
      return tf.tensor(narrowed(data as BigInt64Array, name), sizes, 'int32');
    case 'bool':
      return tf.tensor(data as Uint8Array, sizes, 'bool');
    case 'string':
      return tf.tensor(data as Uint8Array[], sizes, 'string');
  }
}

/** What TensorFlow.js gives for each type. */
const GIVEN: Record<Dtype, tf.DataType> = {
  ...{ float32: 'float32', float64: 'float32', int32: 'int32', int64: 'int32' },
  ...{ uint8: 'int32', bool: 'bool', string: 'string' },
};

/**
 * The values of a result.
 * @throws ServingProblem INTERNAL where it is not what its port promises: callers would read other numbers in it
 */
export function fromTensor(tensor: tf.Tensor, { name, dtype, shape }: ServingPort): ServingTensor {
  const sizes = tensor.shape;
  const fits =
    shape === null ||
    (shape.length === sizes.length && shape.every((size, i) => size < 0 || size === sizes[i]));
  if (tensor.dtype !== GIVEN[dtype] || !fits) {
    throw new ServingProblem(
      'INTERNAL',
      `The output ${name} is ${tensor.dtype} [${sizes.join(', ')}], which its signature does not promise.`,
    );
  }
  return { dtype, shape: sizes, data: promised(tensor, dtype) };
}

function promised(tensor: tf.Tensor, dtype: ServingPort['dtype']): TensorData {
  if (dtype === 'string') {
    const letters = tf.engine().backend.readSync(tensor.dataId) as unknown as Uint8Array[];
    return letters.slice(0, sizeOf(tensor.shape));
  }
  const data = tensor.dataSync() as Float32Array | Int32Array | Uint8Array;
  switch (dtype) {
    case 'float64':
      return Float64Array.from(data);
    case 'int64':
      return BigInt64Array.from(data as Int32Array, BigInt);
    case 'uint8':
      return Uint8Array.from(data);
    default:
      return data;
  }
}

function narrowed(data: BigInt64Array, name: string): Int32Array {
  const narrow = Int32Array.from(data, Number);
  if (data.every((value, i) => value === BigInt(narrow[i]!))) return narrow;
  throw invalidArgument(`A value of ${name} is not within 32 bits, which is what is computed with here.`);
}
