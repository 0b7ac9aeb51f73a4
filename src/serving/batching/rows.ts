import { invalidArgument, ServingProblem } from '../problem.ts';
import type { ServingSignature } from '../signature.ts';
import { DTYPES, sizeOf, type ServingTensor, type TensorData, type TensorMap } from '../tensor.ts';

/** Whether requests of a signature may share a run: the first axis of every input and output is a batch of any size. */
export function isBatchable({ inputs, outputs }: ServingSignature): boolean {
  return inputs.length > 0 && [...inputs, ...outputs].every(({ shape }) => shape !== null && shape[0] === -1);
}

/** The rows of a request: the first axis, which all its inputs share. */
export function rowsOf(inputs: TensorMap): number {
  const sizes = new Set([...inputs.values()].map(({ shape }) => shape[0] ?? 0));
  if (sizes.size === 1 && !sizes.has(0)) return [...sizes][0]!;
  if (sizes.size === 1) throw invalidArgument('The inputs have no rows.');
  const said = [...inputs].map(([name, { shape }]) => `${name} has ${shape[0]}`);
  throw invalidArgument(`The inputs differ in how many rows they have: ${said.join(', ')}.`);
}

/** What requests must have in common to share a run: the sizes of all axes but the first. */
export function laneOf(inputs: TensorMap): string {
  let lane = '';
  for (const [name, { shape }] of inputs) lane += `${name}:${shape.slice(1).join('x')};`;
  return lane;
}

/** The tensors of several requests one below the other, in memory of their own. */
export function stacked(requests: readonly TensorMap[]): TensorMap {
  const [first] = requests;
  const all = new Map<string, ServingTensor>();
  for (const [name, { dtype, shape }] of first!) {
    const parts = requests.map((request) => request.get(name)!);
    const rows = parts.reduce((sum, part) => sum + part.shape[0]!, 0);
    all.set(name, { dtype, shape: [rows, ...shape.slice(1)], data: joined(dtype, parts) });
  }
  return all;
}

function joined(dtype: ServingTensor['dtype'], parts: readonly ServingTensor[]): TensorData {
  if (dtype === 'string') return parts.flatMap(({ data }) => data as Uint8Array[]);
  const length = parts.reduce((sum, { data }) => sum + data.length, 0);
  const whole = new DTYPES[dtype].array(length);
  let at = 0;
  for (const { data } of parts) {
    // Their types are equal: they were checked against one signature.
    (whole as Float32Array).set(data as Float32Array, at);
    at += data.length;
  }
  return whole;
}

/** A signature may promise an output of any size and give one for all rows: nobody could tell whose it is. */
export function requireRows(outputs: TensorMap, rows: number): void {
  for (const [name, { shape }] of outputs) {
    if (shape[0] === rows) continue;
    throw new ServingProblem('INTERNAL', `The output ${name} has ${shape[0]} rows for ${rows} of a batch.`);
  }
}

/** The rows from `from` up to, without, `to`: views of the same memory. */
export function rowsBetween(tensors: TensorMap, from: number, to: number): TensorMap {
  const part = new Map<string, ServingTensor>();
  for (const [name, { dtype, shape, data }] of tensors) {
    const size = sizeOf(shape.slice(1));
    const [begin, end] = [from * size, to * size];
    const own = Array.isArray(data) ? data.slice(begin, end) : data.subarray(begin, end);
    part.set(name, { dtype, shape: [to - from, ...shape.slice(1)], data: own });
  }
  return part;
}
