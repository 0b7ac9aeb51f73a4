import type * as tf from '@tensorflow/tfjs';
import type { ServingSignature } from '../signature.ts';
import { sizeOf } from '../tensor.ts';

/** What is done to every element of a layer's outputs. */
export type Activation = 'relu' | 'sigmoid' | 'tanh';

/** One step over rows of `width` values. */
export type DenseStep =
  | { kind: 'product'; weights: Float32Array; inner: number; columns: number; transposed: boolean }
  | { kind: 'bias'; values: Float32Array }
  | { kind: Activation };

/** A graph that is nothing but dense layers one after another, from one input to one output. */
export interface DenseChain {
  input: string;
  output: string;
  steps: DenseStep[];
  /** Of an item of the batch, as it comes in and goes out. */
  inputShape: readonly number[];
  outputShape: readonly number[];
}

interface GraphNode {
  name: string;
  op: string;
  input?: string[];
  attr?: Record<string, { b?: boolean }>;
}

interface Constant {
  shape: readonly number[];
  values: Float32Array | Int32Array;
}

const ACTIVATIONS: Record<string, Activation> = { Relu: 'relu', Sigmoid: 'sigmoid', Tanh: 'tanh' };
const SUMS = new Set(['AddV2', 'Add', 'BiasAdd']);

/** Undefined for any other graph: operations that branch, gather, or are not known here. */
export function denseChain(
  artifacts: tf.io.ModelArtifacts,
  signature: ServingSignature,
): DenseChain | undefined {
  const [input, ...otherInputs] = signature.inputs;
  const [output, ...otherOutputs] = signature.outputs;
  if (!input || !output || otherInputs.length > 0 || otherOutputs.length > 0) return undefined;
  if (input.dtype !== 'float32' || output.dtype !== 'float32') return undefined;
  const inputShape = input.shape?.[0] === -1 ? input.shape.slice(1) : undefined;
  if (!inputShape || inputShape.some((size) => size < 0)) return undefined;
  const path = pathTo(artifacts, nameOf(output.tensor), nameOf(input.tensor));
  if (!path) return undefined;
  const constants = constantsOf(artifacts);
  const steps: DenseStep[] = [];
  let shape: readonly number[] = inputShape;
  for (const node of path) {
    const made = stepOf(node, shape, constants);
    if (!made) return undefined;
    if (made.step) steps.push(made.step);
    ({ shape } = made);
  }
  const promised = output.shape?.slice(1);
  if (promised?.join() !== shape.join()) return undefined;
  return { input: input.name, output: output.name, steps, inputShape, outputShape: shape };
}

const nameOf = (tensor: string) => tensor.replace(/:0$/, '').replace(/^\^/, '');

/** Nodes from the input's to the output's, where each passes its first input on and all else is constant. */
function pathTo(
  { modelTopology }: tf.io.ModelArtifacts,
  output: string,
  input: string,
): GraphNode[] | undefined {
  const nodes = new Map((modelTopology as { node: GraphNode[] }).node.map((node) => [node.name, node]));
  const path: GraphNode[] = [];
  for (let name = output; name !== input;) {
    const node = nodes.get(name);
    // As many steps as there are nodes: a graph may have been made to run in circles.
    if (!node?.input?.[0] || path.length > nodes.size) return undefined;
    path.unshift(node);
    name = nameOf(node.input[0]);
  }
  return path;
}

function constantsOf({ weightSpecs = [], weightData }: tf.io.ModelArtifacts): ReadonlyMap<string, Constant> {
  const constants = new Map<string, Constant>();
  let at = 0;
  for (const { name, dtype, shape } of weightSpecs) {
    // What strings take is not told by their shape; whatever lies behind them is found nowhere.
    if (dtype === 'string') break;
    const bytes = sizeOf(shape) * (dtype === 'bool' ? 1 : 4);
    const Values = dtype === 'float32' ? Float32Array : Int32Array;
    if (dtype !== 'bool') {
      constants.set(name, { shape, values: new Values((weightData as ArrayBuffer).slice(at, at + bytes)) });
    }
    at += bytes;
  }
  return constants;
}

function stepOf(
  { op, input = [], attr = {} }: GraphNode,
  shape: readonly number[],
  constants: ReadonlyMap<string, Constant>,
): { step?: DenseStep; shape: readonly number[] } | undefined {
  const width = shape.at(-1) ?? 1;
  const constant = constants.get(nameOf(input[1] ?? ''));
  const activation = ACTIVATIONS[op];
  if (activation) return { step: { kind: activation }, shape };
  if (op === 'Identity') return { shape };
  if (!constant) return undefined;
  if (op === 'Reshape') return reshaped(constant, shape);
  if (!(constant.values instanceof Float32Array)) return undefined;
  const { values } = constant;
  if (op === 'Maximum')
    return sizeOf(constant.shape) === 1 && values[0] === 0 ? { step: { kind: 'relu' }, shape } : undefined;
  if (SUMS.has(op)) {
    const isRow = constant.shape.length === 1 && values.length === width;
    return isRow ? { step: { kind: 'bias', values }, shape } : undefined;
  }
  if (op !== 'MatMul' && op !== 'BatchMatMulV2') return undefined;
  if (constant.shape.length !== 2 || attr['transpose_a']?.b || attr['adj_x']?.b || shape.length === 0)
    return undefined;
  const transposed = attr['transpose_b']?.b === true || attr['adj_y']?.b === true;
  const [first, second] = constant.shape as [number, number];
  const [inner, columns] = transposed ? [second, first] : [first, second];
  if (inner !== width) return undefined;
  return {
    step: { kind: 'product', weights: values, inner, columns, transposed },
    shape: [...shape.slice(0, -1), columns],
  };
}

/** To −1 and fixed sizes that hold an item: the batch stays the batch. */
function reshaped({ values }: Constant, shape: readonly number[]): { shape: readonly number[] } | undefined {
  const [batch, ...sizes] = [...values];
  return batch === -1 && sizes.every((size) => size > 0) && sizeOf(sizes) === sizeOf(shape)
    ? { shape: sizes }
    : undefined;
}
