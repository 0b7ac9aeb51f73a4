import { invalidArgument } from '../problem.ts';
import type { ServingPort, ServingSignature } from '../signature.ts';
import { sizeOf, type ServingTensor, type TensorMap } from '../tensor.ts';
import { decodeExample, type Example, type Feature } from './example.ts';

/**
 * Examples as what a signature takes. Where its only input is of strings they go as they are, as TensorFlow Serving
 * sends them to the model's own parser; else the features of an example are its inputs of the same names.
 *
 * @param serialized each with its context before it
 * @throws ServingProblem INVALID_ARGUMENT
 */
export function exampleInputs(serialized: readonly Uint8Array[], { inputs }: ServingSignature): TensorMap {
  if (serialized.length === 0) throw invalidArgument('Input is empty.');
  const [first] = inputs;
  if (inputs.length === 1 && first!.dtype === 'string' && (first!.shape?.length ?? 1) === 1) {
    return new Map([[first!.name, { dtype: 'string', shape: [serialized.length], data: [...serialized] }]]);
  }
  const examples = serialized.map(decodeExample);
  return new Map(inputs.map((port) => [port.name, denseInput(examples, port)]));
}

function denseInput(examples: readonly Example[], port: ServingPort): ServingTensor {
  const { name, dtype } = port;
  const features = examples.map((example, index) => {
    const feature = example.get(name);
    if (feature) return feature;
    throw invalidArgument(
      `Example ${index}: Feature: ${name} (data type: ${dtype}) is required but could not be found.`,
    );
  });
  const row = rowShape(port, features[0]!);
  const size = sizeOf(row);
  for (const [index, { values }] of features.entries()) {
    if (values.length === size) continue;
    throw invalidArgument(
      `Example ${index}: Feature: ${name} has ${values.length} values; one row of it is [${row.join(', ')}].`,
    );
  }
  return { dtype, shape: [examples.length, ...row], data: dataOf(features, port) };
}

/** Without a shape in the signature, a row has as many values as the first has. */
function rowShape({ name, shape }: ServingPort, { values }: Feature): readonly number[] {
  if (shape === null) return values.length === 1 ? [] : [values.length];
  const row = shape.slice(1);
  if (shape.length > 0 && row.every((size) => size >= 0)) return row;
  throw invalidArgument(`The input ${name} has no fixed shape, so no Example can fill it: use predict.`);
}

function dataOf(features: readonly Feature[], { name, dtype }: ServingPort): ServingTensor['data'] {
  const mistyped = ({ kind }: Feature) =>
    invalidArgument(
      `Feature: ${name}. Data types don't match. Data type: ${kind} but expected type: ${dtype}`,
    );
  const bytes = () =>
    features.flatMap((feature) => {
      if (feature.kind !== 'bytes') throw mistyped(feature);
      return feature.values;
    });
  // Whole numbers in JSON are int64 features, also where floats are meant.
  const numbers = () =>
    features.flatMap<number>((feature) => {
      if (feature.kind === 'bytes') throw mistyped(feature);
      return feature.kind === 'float' ? feature.values : feature.values.map(Number);
    });
  const integers = () =>
    features.flatMap((feature) => {
      if (feature.kind !== 'int64') throw mistyped(feature);
      return feature.values;
    });
  const within = (least: bigint, most: bigint) => {
    const values = integers();
    if (values.every((value) => value >= least && value <= most)) return values.map(Number);
    throw invalidArgument(`Feature: ${name} has a value that ${dtype} does not hold.`);
  };
  switch (dtype) {
    case 'string':
      return bytes();
    case 'float32':
      return Float32Array.from(numbers());
    case 'float64':
      return Float64Array.from(numbers());
    case 'int64':
      return BigInt64Array.from(integers());
    case 'int32':
      return Int32Array.from(within(-(2n ** 31n), 2n ** 31n - 1n));
    case 'uint8':
      return Uint8Array.from(within(0n, 255n));
    case 'bool':
      return Uint8Array.from(within(0n, 1n));
  }
}
