import type { Constant, Dtype, Graph, GraphNode, Port, Value } from './graph.ts';
import { Message } from './protobuf.ts';

/** Field numbers and enumerations are those of TensorFlow's `saved_model.proto`, `graph.proto` and what they include. */
const SCHEMA_VERSION = 1;
/** Of GraphDef: TensorFlow 2.9's; operations mean what they meant then. */
const PRODUCER = 1087;
/** Every TensorFlow 2 has these operations. */
const LEAST_CONSUMER = 12;
const DTYPES: Record<Dtype, number> = { float32: 1, int32: 3, bool: 10 };
const PREDICT = 'tensorflow/serving/predict';

const OPERATIONS: Record<GraphNode['op'], string> = {
  add: 'AddV2',
  subtract: 'Sub',
  multiply: 'Mul',
  divide: 'RealDiv',
  minimum: 'Minimum',
  maximum: 'Maximum',
  greaterEqual: 'GreaterEqual',
  less: 'Less',
  and: 'LogicalAnd',
  matmul: 'BatchMatMulV2',
  exp: 'Exp',
  sqrt: 'Sqrt',
  sigmoid: 'Sigmoid',
  softplus: 'Softplus',
  isNaN: 'IsNan',
  toFloat: 'Cast',
  identity: 'Identity',
  softmax: 'Softmax',
  mean: 'Mean',
  where: 'SelectV2',
  gather: 'GatherV2',
  reshape: 'Reshape',
  transpose: 'Transpose',
  concat: 'ConcatV2',
  slice: 'Slice',
};

/** The bytes of `saved_model.pb`: a frozen graph, whose weights are constants, with the signature `serving_default`. */
export function encodeSavedModel(graph: Graph): Uint8Array {
  const info = new Message().text(4, 'serve').text(5, '2.9.0').integer(7, false);
  const signature = new Message();
  for (const port of graph.inputs) signature.entry(1, port.name, tensorInfo(port));
  for (const port of graph.outputs) signature.entry(2, port.name, tensorInfo(port));
  signature.text(3, PREDICT);
  const meta = new Message()
    .message(1, info)
    .message(2, graphDef(graph))
    .entry(5, 'serving_default', signature);
  return new Message().integer(1, SCHEMA_VERSION).message(2, meta).encode();
}

function graphDef({ inputs, constants, nodes }: Graph): Message {
  const lists = new IntegerConstants();
  const placeholders = inputs.map(({ name, dtype, shape }) =>
    nodeDef(name, 'Placeholder', [], { dtype: type(dtype), shape: new Message().message(7, shapeOf(shape)) }),
  );
  const operations = nodes.map((node) => operation(node, lists));
  return new Message()
    .messages(1, [...placeholders, ...constants.map(constantNode), ...lists.nodes(), ...operations])
    .message(4, new Message().integer(1, PRODUCER).integer(2, LEAST_CONSUMER));
}

type Attributes = Record<string, Message>;

function nodeDef(name: string, op: string, inputs: readonly string[], attributes: Attributes): Message {
  const message = new Message().text(1, name).text(2, op);
  for (const input of inputs) message.text(3, input);
  for (const [key, value] of Object.entries(attributes)) message.entry(5, key, value);
  return message;
}

function operation(node: GraphNode, lists: IntegerConstants): Message {
  const tensors = node.inputs.map(({ name }) => name);
  const further = listsOf(node).map((list) => lists.named(list));
  return nodeDef(node.output.name, OPERATIONS[node.op], [...tensors, ...further], attributesOf(node));
}

/** What TensorFlow takes as further inputs of integers; a plain number is a scalar. */
function listsOf(node: GraphNode): (readonly number[] | number)[] {
  switch (node.op) {
    case 'mean':
      return [-1];
    case 'gather':
      return [0];
    case 'reshape':
      return [node.shape];
    case 'transpose':
      return [node.order];
    case 'concat':
      return [node.axis];
    case 'slice':
      return sliceLists(node.inputs[0]!, node);
    default:
      return [];
  }
}

/** Where it begins along each axis, and how much of each is taken; −1: all of it. */
function sliceLists({ shape }: Value, { axis, from, to }: { axis: number; from: number; to: number }) {
  const along = (taken: number, other: number) => shape.map((_, i) => (i === axis ? taken : other));
  return [along(from, 0), along(to - from, -1)];
}

function attributesOf(node: GraphNode): Attributes {
  const index = type('int32');
  const own = { T: type(node.inputs[0]!.dtype) };
  switch (node.op) {
    case 'and':
      return {};
    case 'toFloat':
      return { SrcT: type(node.inputs[0]!.dtype), DstT: type(node.output.dtype) };
    case 'where':
      return { T: type(node.output.dtype) };
    case 'gather':
      return { Tparams: type('float32'), Tindices: index, Taxis: index };
    case 'reshape':
      return { ...own, Tshape: index };
    case 'transpose':
      return { ...own, Tperm: index };
    case 'concat':
      return { ...own, N: new Message().integer(3, node.inputs.length), Tidx: index };
    case 'slice':
      return { ...own, Index: index };
    case 'mean':
      return { ...own, Tidx: index, keep_dims: new Message().integer(5, true) };
    default:
      return own;
  }
}

const type = (dtype: Dtype) => new Message().integer(6, DTYPES[dtype]);

function constantNode({ name, shape, data }: Constant): Message {
  return constantOf(name, 'float32', shape, data);
}

function constantOf(
  name: string,
  dtype: Dtype,
  shape: readonly number[],
  { buffer, byteOffset, byteLength }: Float32Array | Int32Array,
): Message {
  const tensor = new Message()
    .integer(1, DTYPES[dtype])
    .message(2, shapeOf(shape))
    .bytes(4, new Uint8Array(buffer, byteOffset, byteLength));
  return nodeDef(name, 'Const', [], { dtype: type(dtype), value: new Message().message(8, tensor) });
}

/** Integers as constants, each once. */
class IntegerConstants {
  readonly #lists = new Map<string, readonly number[] | number>();

  named(list: readonly number[] | number): string {
    const spelled = typeof list === 'number' ? `integer.${list}` : `integers.${list.join('_')}`;
    const name = spelled.replaceAll('-', 'minus');
    this.#lists.set(name, list);
    return name;
  }

  nodes(): Message[] {
    return [...this.#lists].map(([name, list]) =>
      typeof list === 'number'
        ? constantOf(name, 'int32', [], Int32Array.of(list))
        : constantOf(name, 'int32', [list.length], Int32Array.from(list)),
    );
  }
}

function shapeOf(shape: readonly number[]): Message {
  return new Message().messages(
    2,
    shape.map((size) => new Message().integer(1, size)),
  );
}

function tensorInfo({ name, dtype, shape }: Port): Message {
  return new Message().text(1, `${name}:0`).integer(2, DTYPES[dtype]).message(3, shapeOf(shape));
}
