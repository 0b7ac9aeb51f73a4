import type * as tf from '@tensorflow/tfjs';
import type { WireMessage } from '../../export/wire-message.ts';
import { BadInputError } from '../../errors.ts';

/** By `types.proto`: what TensorFlow.js has for each. It computes in 32 bits: wider numbers are narrowed. */
const TYPES: Record<number, { name: string; dtype: 'float32' | 'int32' | 'bool' | 'string'; bytes: number }> =
  {
    1: { name: 'DT_FLOAT', dtype: 'float32', bytes: 4 },
    2: { name: 'DT_DOUBLE', dtype: 'float32', bytes: 8 },
    3: { name: 'DT_INT32', dtype: 'int32', bytes: 4 },
    4: { name: 'DT_UINT8', dtype: 'int32', bytes: 1 },
    6: { name: 'DT_INT8', dtype: 'int32', bytes: 1 },
    7: { name: 'DT_STRING', dtype: 'string', bytes: 0 },
    9: { name: 'DT_INT64', dtype: 'int32', bytes: 8 },
    10: { name: 'DT_BOOL', dtype: 'bool', bytes: 1 },
  };

/** Operations whose values lie beside the graph, or that call other graphs: TensorFlow's own library runs those. */
const NEEDS_TENSORFLOW =
  /^(VarHandleOp|VariableV2|ReadVariableOp|RestoreV2|PartitionedCall|StatefulPartitionedCall)$/;

/** The operations of a graph that TensorFlow.js cannot run, whatever it is told; each once. */
export function foreignOperations(graph: WireMessage): string[] {
  const found = graph.messages(1).map((node) => node.text(2));
  return [...new Set(found.filter((op) => NEEDS_TENSORFLOW.test(op)))];
}

/**
 * A GraphDef (`graph.proto`) as TensorFlow.js reads graphs: nodes as JSON, constants in one buffer beside them.
 * @throws BadInputError of a type that TensorFlow.js has nothing for
 */
export function graphArtifacts(graph: WireMessage): tf.io.IOHandler {
  const weightSpecs: tf.io.WeightsManifestEntry[] = [];
  const weights: Uint8Array[] = [];
  const node = graph.messages(1).map((each) => {
    const attributes = each.entries(5);
    const value = attributes.get('value');
    if (each.text(2) === 'Const' && value) {
      const constant = constantOf(value.message(8), each.text(1));
      weightSpecs.push({ name: each.text(1), shape: constant.shape, dtype: constant.dtype });
      weights.push(constant.bytes);
      attributes.delete('value');
    }
    const attr = Object.fromEntries([...attributes].map(([name, one]) => [name, attributeOf(one)]));
    return { name: each.text(1), op: each.text(2), input: each.texts(3), attr };
  });
  const versions = { producer: graph.message(4).number(1) };
  const bytes = Buffer.concat(weights);
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  return { load: async () => ({ modelTopology: { node, versions }, weightSpecs, weightData }) };
}

/** One value may stand for all, so a few bytes could ask for any memory: 1 GiB of values of 32 bits. */
const MOST_VALUES = 2 ** 28;

const typeOf = (number: number, name: string) => {
  const found = TYPES[number];
  if (found) return found;
  throw new BadInputError(
    `The constant ${name} is of TensorFlow's type ${number}, which is not computed with here.`,
    'Export the model in float32.',
  );
};

/** `tensor.proto`: raw bytes, or values of which the last stands for all that are missing. */
function constantOf(tensor: WireMessage, name: string) {
  const type = typeOf(tensor.number(1), name);
  const shape = sizesOf(tensor.message(2));
  const length = shape.reduce((product, size) => product * size, 1);
  if (shape.some((size) => size < 0) || length > MOST_VALUES) {
    throw new BadInputError(
      `The constant ${name} is of shape [${shape.join(', ')}], which no memory here holds.`,
      `Constants have at most ${MOST_VALUES} values.`,
    );
  }
  if (type.dtype === 'string')
    return { shape, dtype: type.dtype, bytes: lengthsAndLetters(tensor.blobs(8), length) };
  const raw = tensor.blobs(4)[0];
  const values = raw ? rawValues(raw, tensor.number(1)) : filled(listed(tensor, tensor.number(1)), length);
  if (values.length !== length) {
    throw new BadInputError(
      `The constant ${name} has ${values.length} values, not ${length}.`,
      'Export the model again.',
    );
  }
  const array =
    type.dtype === 'float32'
      ? Float32Array.from(values)
      : type.dtype === 'bool'
        ? Uint8Array.from(values)
        : Int32Array.from(values);
  return { shape, dtype: type.dtype, bytes: new Uint8Array(array.buffer) };
}

function rawValues(bytes: Uint8Array, type: number): ArrayLike<number> {
  // A view needs its values where their size divides the offset.
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  switch (type) {
    case 1:
      return new Float32Array(buffer);
    case 2:
      return new Float64Array(buffer);
    case 3:
      return new Int32Array(buffer);
    case 6:
      return new Int8Array(buffer);
    case 9:
      return Array.from(new BigInt64Array(buffer), Number);
    default:
      return new Uint8Array(buffer);
  }
}

/** Numbers of the fields `float_val`, `double_val`, `int_val`, `int64_val`, `bool_val`. */
function listed(tensor: WireMessage, type: number): number[] {
  const field = { 1: 5, 2: 6, 9: 10, 10: 11 }[type] ?? 7;
  return field === 5 ? tensor.floats(field) : field === 6 ? tensor.doubles(field) : tensor.integers(field);
}

/** Not as a list of JavaScript's, which would take several times the memory. */
function filled(values: readonly number[], length: number): ArrayLike<number> {
  const all = new Float64Array(length).fill(values.at(-1) ?? 0);
  all.set(values.slice(0, length));
  return all;
}

/** TensorFlow.js's own form of strings: a length of four bytes before each. */
function lengthsAndLetters(texts: readonly Uint8Array[], length: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < length; i++) {
    const text = texts[Math.min(i, texts.length - 1)] ?? new Uint8Array(0);
    parts.push(new Uint8Array(Uint32Array.of(text.length).buffer), text);
  }
  return Buffer.concat(parts);
}

/** `attr_value.proto` in the JSON of the converter. */
function attributeOf(value: WireMessage): object {
  if (value.has(1)) return { list: listOf(value.message(1)) };
  if (value.has(2)) return { s: base64(value.blobs(2)[0]!) };
  if (value.has(4)) return { f: value.number(4) };
  if (value.has(5)) return { b: value.number(5) === 1 };
  if (value.has(6)) return { type: TYPES[value.number(6)]?.name ?? value.number(6) };
  if (value.has(7)) return { shape: shapeAttribute(value.message(7)) };
  return { i: String(value.number(3)) };
}

function listOf(list: WireMessage): object {
  return {
    ...(list.has(2) ? { s: list.blobs(2).map(base64) } : {}),
    ...(list.has(3) ? { i: list.integers(3).map(String) } : {}),
    ...(list.has(4) ? { f: list.floats(4) } : {}),
    ...(list.has(5) ? { b: list.integers(5).map((each) => each === 1) } : {}),
    ...(list.has(6) ? { type: list.integers(6).map((each) => TYPES[each]?.name ?? each) } : {}),
    ...(list.has(7) ? { shape: list.messages(7).map(shapeAttribute) } : {}),
  };
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

const shapeAttribute = (shape: WireMessage) =>
  shape.number(3) === 1
    ? { unknownRank: true }
    : { dim: sizesOf(shape).map((size) => ({ size: String(size) })) };

const sizesOf = (shape: WireMessage) => shape.messages(2).map((dimension) => dimension.number(1));
