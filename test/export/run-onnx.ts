import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '../../src/lake/safetensors.ts';
import { tensorsOf, type Answers } from './tensors.ts';
import { WireMessage } from '../../src/export/wire-message.ts';

/** An attribute's integer and integers; the numbers are those of onnx.proto. */
type Attributes = Map<string, { integer: number; integers: number[] }>;

type Operator = (inputs: tf.Tensor[], attributes: Attributes) => tf.Tensor;

const integersOf = (tensor: tf.Tensor) => [...tensor.dataSync()];
const integer = (attributes: Attributes, name: string) => attributes.get(name)!.integer;

/** ONNX's operators as its specification has them, of those that an export may use. */
const OPERATORS: Record<string, Operator> = {
  Add: ([a, b]) => tf.add(a!, b!),
  Sub: ([a, b]) => tf.sub(a!, b!),
  Mul: ([a, b]) => tf.mul(a!, b!),
  Div: ([a, b]) => tf.div(a!, b!),
  Min: ([a, b]) => tf.minimum(a!, b!),
  Max: ([a, b]) => tf.maximum(a!, b!),
  GreaterOrEqual: ([a, b]) => tf.greaterEqual(a!, b!),
  Less: ([a, b]) => tf.less(a!, b!),
  And: ([a, b]) => tf.logicalAnd(a!, b!),
  MatMul: ([a, b]) => tf.matMul(a!, b!),
  Exp: ([x]) => tf.exp(x!),
  Sqrt: ([x]) => tf.sqrt(x!),
  Sigmoid: ([x]) => tf.sigmoid(x!),
  Softplus: ([x]) => tf.softplus(x!),
  IsNaN: ([x]) => tf.isNaN(x!),
  Cast: ([x], attributes) => {
    if (integer(attributes, 'to') !== 1) throw new Error('only casts to float are known');
    return tf.cast(x!, 'float32');
  },
  Identity: ([x]) => tf.clone(x!),
  Softmax: ([x], attributes) => tf.softmax(x!, integer(attributes, 'axis')),
  ReduceMean: ([x], attributes) =>
    tf.mean(x!, attributes.get('axes')!.integers, integer(attributes, 'keepdims') === 1),
  Where: ([condition, then, otherwise]) => tf.where(tf.cast(condition!, 'bool'), then!, otherwise!),
  Gather: ([rows, at], attributes) => tf.gather(rows!, at as tf.Tensor1D, integer(attributes, 'axis')),
  Reshape: ([x, shape]) => tf.reshape(x!, integersOf(shape!)),
  Transpose: ([x], attributes) => tf.transpose(x!, attributes.get('perm')!.integers),
  Concat: (parts, attributes) => tf.concat(parts, integer(attributes, 'axis')),
  Slice: ([x, starts, ends, axes]) => {
    const begin = x!.shape.map(() => 0);
    const size = [...x!.shape];
    integersOf(axes!).forEach((axis, i) => {
      begin[axis] = integersOf(starts!)[i]!;
      size[axis] = integersOf(ends!)[i]! - begin[axis]!;
    });
    return tf.slice(x!, begin, size);
  },
};

/** What the graph of an `.onnx` file answers, every operator by itself. */
export function runOnnx(file: Uint8Array, inputs: Record<string, Tensor>): Answers {
  const graph = new WireMessage(file).message(7);
  return tf.tidy(() => {
    const values = tensorsOf(inputs);
    for (const initializer of graph.messages(5)) values.set(initializer.text(8), initializerOf(initializer));
    for (const node of graph.messages(1)) {
      const operator = OPERATORS[node.text(4)];
      if (!operator) throw new Error(`ONNX has no ${node.text(4)} here`);
      const given = node.texts(1).map((name) => values.get(name)!);
      values.set(node.text(2), operator(given, attributesOf(node)));
    }
    const answers: Answers = {};
    for (const output of graph.messages(12)) {
      const found = values.get(output.text(1))!;
      answers[output.text(1)] = { shape: found.shape, data: found.dataSync() as Float32Array };
    }
    return answers;
  });
}

function attributesOf(node: WireMessage): Attributes {
  return new Map(
    node
      .messages(5)
      .map((attribute) => [
        attribute.text(1),
        { integer: attribute.number(3), integers: attribute.numbers(8) },
      ]),
  );
}

function initializerOf(initializer: WireMessage): tf.Tensor {
  // A copy: arrays of numbers begin where their size allows.
  const { buffer } = new Uint8Array(initializer.blobs(9)[0]!);
  const shape = packed(initializer.blobs(1)[0]!);
  if (initializer.number(2) === 3) return tf.tensor(Int32Array.from(new Int8Array(buffer)), shape, 'int32');
  return initializer.number(2) === 7
    ? tf.tensor(Int32Array.from(new BigInt64Array(buffer), Number), shape, 'int32')
    : tf.tensor(new Float32Array(buffer), shape, 'float32');
}

/** Sizes, seven bits a byte, the lowest first. */
function packed(bytes: Uint8Array): number[] {
  const sizes: number[] = [];
  let shift = 0;
  for (const byte of bytes) {
    if (shift === 0) sizes.push(0);
    sizes[sizes.length - 1]! += (byte & 127) << shift;
    shift = byte < 128 ? 0 : shift + 7;
  }
  return sizes;
}
