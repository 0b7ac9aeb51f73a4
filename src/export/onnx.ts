import { canonicalJson } from '../lake/canonical.ts';
import { portLine, type Description } from './description.ts';
import { BATCH, type Constant, type Dtype, type Graph, type GraphNode, type Port } from './graph.ts';
import { Message } from './protobuf.ts';

/** Field numbers and enumerations are those of onnx.proto (github.com/onnx/onnx). */
const IR_VERSION = 7;
/** No newer than the operations need: onnxruntime since 1.6 and TensorRT since 8.0 take it. */
const OPSET = 13;
const DTYPES: Record<Dtype | 'int8' | 'int64', number> = { float32: 1, int8: 3, int32: 6, int64: 7, bool: 9 };

const OPERATORS: Record<GraphNode['op'], string> = {
  add: 'Add',
  subtract: 'Sub',
  multiply: 'Mul',
  divide: 'Div',
  minimum: 'Min',
  maximum: 'Max',
  greaterEqual: 'GreaterOrEqual',
  less: 'Less',
  and: 'And',
  matmul: 'MatMul',
  exp: 'Exp',
  sqrt: 'Sqrt',
  sigmoid: 'Sigmoid',
  softplus: 'Softplus',
  isNaN: 'IsNaN',
  toFloat: 'Cast',
  identity: 'Identity',
  softmax: 'Softmax',
  mean: 'ReduceMean',
  where: 'Where',
  gather: 'Gather',
  reshape: 'Reshape',
  transpose: 'Transpose',
  concat: 'Concat',
  slice: 'Slice',
};

/** The graph as the bytes of one `.onnx` file. */
export function encodeOnnx(graph: Graph, description: Description): Uint8Array {
  const { model, version, about } = description;
  const said = Object.entries(description).map(([key, value]) =>
    new Message().text(1, key).text(2, typeof value === 'string' ? value : canonicalJson(value)),
  );
  return new Message()
    .integer(1, IR_VERSION)
    .text(2, 'ringwatt')
    .integer(5, version)
    .text(6, about)
    .message(7, graphOf(graph, model, about))
    .message(8, new Message().text(1, '').integer(2, OPSET))
    .messages(14, said)
    .encode();
}

function graphOf({ nodes, constants, inputs, outputs }: Graph, name: string, about: string): Message {
  const lists = new IntegerLists();
  const written = nodes.map((node) => nodeOf(node, lists));
  return new Message()
    .messages(1, [...constants.flatMap(dequantisersOf), ...written])
    .text(2, name)
    .messages(5, [...constants.flatMap(initializersOf), ...lists.initializers()])
    .text(10, about)
    .messages(11, inputs.map(portOf))
    .messages(12, outputs.map(portOf));
}

function nodeOf(node: GraphNode, lists: IntegerLists): Message {
  const message = new Message();
  for (const { name } of node.inputs) message.text(1, name);
  for (const list of listsOf(node)) message.text(1, lists.named(list));
  return message
    .text(2, node.output.name)
    .text(3, node.output.name)
    .text(4, OPERATORS[node.op])
    .messages(5, attributesOf(node));
}

/** What ONNX takes as inputs of integers: a shape; the beginning, end and axis of a slice. */
function listsOf(node: GraphNode): (readonly number[])[] {
  if (node.op === 'reshape') return [node.shape];
  return node.op === 'slice' ? [[node.from], [node.to], [node.axis]] : [];
}

function attributesOf(node: GraphNode): Message[] {
  switch (node.op) {
    case 'toFloat':
      return [integer('to', DTYPES.float32)];
    case 'softmax':
      return [integer('axis', -1)];
    case 'mean':
      return [integers('axes', [-1]), integer('keepdims', 1)];
    case 'gather':
      return [integer('axis', 0)];
    case 'transpose':
      return [integers('perm', node.order)];
    case 'concat':
      return [integer('axis', node.axis)];
    default:
      return [];
  }
}

const ATTRIBUTE = { integer: 2, integers: 7 };

const integer = (name: string, value: number) =>
  new Message().text(1, name).integer(3, value).integer(20, ATTRIBUTE.integer);

function integers(name: string, values: readonly number[]): Message {
  const message = new Message().text(1, name);
  for (const value of values) message.integer(8, value);
  return message.integer(20, ATTRIBUTE.integers);
}

/** Lists of integers as initializers, each once. */
class IntegerLists {
  readonly #lists = new Map<string, readonly number[]>();

  named(list: readonly number[]): string {
    const name = `integers.${list.join('_').replaceAll('-', 'minus')}`;
    this.#lists.set(name, list);
    return name;
  }

  initializers(): Message[] {
    return [...this.#lists].map(([name, list]) =>
      tensorOf(name, 'int64', [list.length], BigInt64Array.from(list, BigInt)),
    );
  }
}

/** Weights as they are stored: as int8 with a step a column, which nodes of their own make float32 of. */
function initializersOf({ name, shape, data, int8 }: Constant): Message[] {
  if (!int8) return [tensorOf(name, 'float32', shape, data)];
  const { values, scales } = int8;
  return [
    tensorOf(`${name}.int8`, 'int8', shape, values),
    tensorOf(`${name}.scale`, 'float32', [scales.length], scales),
  ];
}

/**
 * Integer · step, by two nodes that a runtime folds once it loads them. Not DequantizeLinear: onnxruntime 1.31 makes one
 * operator of that and the product behind it, which rounds what is multiplied to int8 as well.
 */
function dequantisersOf({ name, int8 }: Constant): Message[] {
  if (!int8) return [];
  const node = (inputs: readonly string[], output: string, operator: string) => {
    const message = new Message();
    for (const input of inputs) message.text(1, input);
    return message.text(2, output).text(3, output).text(4, operator);
  };
  const cast = node([`${name}.int8`], `${name}.cast`, OPERATORS.toFloat);
  return [
    cast.messages(5, [integer('to', DTYPES.float32)]),
    node([`${name}.cast`, `${name}.scale`], name, OPERATORS.multiply),
  ];
}

function tensorOf(
  name: string,
  dtype: Dtype | 'int8' | 'int64',
  shape: readonly number[],
  { buffer, byteOffset, byteLength }: Float32Array | Int8Array | BigInt64Array,
): Message {
  return new Message()
    .integers(1, shape)
    .integer(2, DTYPES[dtype])
    .text(8, name)
    .bytes(9, new Uint8Array(buffer, byteOffset, byteLength));
}

function portOf(port: Port): Message {
  const dimensions = port.shape.map((size) =>
    size === BATCH ? new Message().text(2, 'batch') : new Message().integer(1, size),
  );
  const type = new Message().integer(1, DTYPES[port.dtype]).message(2, new Message().messages(1, dimensions));
  return new Message().text(1, port.name).message(2, new Message().message(1, type)).text(3, portLine(port));
}
