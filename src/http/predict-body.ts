import type { z } from 'zod';
import type { Limits } from '../serving/gate.ts';
import { invalidArgument, ServingProblem } from '../serving/problem.ts';
import { instancesTensors } from '../serving/rest/instances.ts';
import { JsonCursor } from '../serving/rest/json-cursor.ts';
import { skipValue } from '../serving/rest/json-skip.ts';
import type { PredictFormat } from '../serving/rest/json-tensors.ts';
import { TensorReader } from '../serving/rest/tensor-reader.ts';
import type { ServingPort } from '../serving/signature.ts';
import type { ServingTensor, TensorMap } from '../serving/tensor.ts';
import { bodyOf } from './input.ts';
import { HttpProblem } from './problem.ts';

/** Where `data` begins in a body, and all that stands beside it. */
export interface PredictBody<Fields> {
  fields: Fields;
  dataAt: number;
}

/**
 * Reads a body without a tree of its data: they are many numbers, and what they must be only the signature says, which
 * the other fields lead to.
 */
export function readPredictBody<Schema extends z.ZodObject>(
  body: Buffer,
  schema: Schema,
  limits: Limits,
): PredictBody<z.output<Schema>> {
  const cursor = new JsonCursor(body, limits.depth);
  if (cursor.peek() < 0) throw new HttpProblem(400, 'bad-json', 'The body is empty.', 'Send a JSON object.');
  const members: [string, unknown][] = [];
  let dataAt = -1;
  const kind = cursor.type();
  if (kind === 'Object') {
    cursor.object((key) => {
      cursor.peek();
      const from = cursor.at;
      skipValue(cursor);
      if (key === 'data') dataAt = from;
      else members.push([key, valueOf(body.subarray(from, cursor.at))]);
    });
  } else {
    skipValue(cursor);
  }
  if (cursor.peek() >= 0) throw cursor.error('Something follows the object.');
  if (kind !== 'Object') throw misfit('it is no object');
  // Own keys whatever they are called; those that no field has are refused.
  const fields = bodyOf(schema, Object.fromEntries(members));
  if (dataAt < 0) throw misfit('data: is not given');
  return { fields, dataAt };
}

/** Where each of the requests of a batch begins. */
export function batchItems(body: Buffer, dataAt: number, most: number, limits: Limits): number[] {
  const cursor = cursorAt(body, dataAt, limits);
  if (cursor.type() !== 'Array') throw misfit('data: must be a list of requests');
  const items: number[] = [];
  cursor.list((index) => {
    if (index >= most) {
      throw new HttpProblem(
        422,
        'too-many',
        `The batch has more than ${most} requests.`,
        `Send at most ${most} at once, or rows of one request to /predict.`,
      );
    }
    cursor.peek();
    items.push(cursor.at);
    skipValue(cursor);
  });
  if (items.length === 0) throw misfit('data: has no request in it');
  return items;
}

/**
 * The tensors that begin there.
 * @throws ServingProblem INVALID_ARGUMENT where they do not fit the signature
 */
export function readData(
  body: Buffer,
  at: number,
  ports: readonly ServingPort[],
  limits: Limits,
): { inputs: TensorMap; format: PredictFormat } {
  const cursor = cursorAt(body, at, limits);
  const kind = cursor.type();
  if (kind !== 'Array' && kind !== 'Object')
    throw misfit('data: must be a list of rows or an object of inputs');
  const format = kind === 'Array' ? 'row' : 'columnar';
  const inputs =
    format === 'row'
      ? inWordsOfData(ports, () => instancesTensors(cursor, ports, limits))
      : columns(cursor, ports, limits);
  for (const [name, tensor] of inputs) requireFinite(name, tensor);
  return { inputs, format };
}

function columns(cursor: JsonCursor, ports: readonly ServingPort[], limits: Limits): TensorMap {
  const tensors = new Map<string, ServingTensor>();
  const needed = ports.map(({ name }) => name).join(', ');
  cursor.object((key) => {
    const port = ports.find(({ name }) => name === key);
    if (!port) throw invalidArgument(`data has an input that the signature does not have; it has ${needed}.`);
    const reader = new TensorReader(port.dtype);
    reader.read(cursor);
    const tensor = reader.tensor();
    if ((tensor.shape[0] ?? 0) > limits.rows) {
      throw invalidArgument(`data has more than the ${limits.rows} rows that one request may have.`);
    }
    tensors.set(key, tensor);
  });
  const missing = ports.find(({ name }) => !tensors.has(name));
  if (missing) throw invalidArgument(`data lacks the input ${missing.name}; the signature has ${needed}.`);
  return tensors;
}

/** JSON has no name for them; a number may still be too large for its type. */
function requireFinite(name: string, { dtype, data }: ServingTensor): void {
  if (dtype !== 'float32' && dtype !== 'float64') return;
  const numbers = data as Float32Array;
  for (let i = 0; i < numbers.length; i++) {
    if (!Number.isFinite(numbers[i])) throw invalidArgument(`${name} holds what is no finite ${dtype}.`);
  }
}

function cursorAt(body: Buffer, at: number, limits: Limits): JsonCursor {
  const cursor = new JsonCursor(body, limits.depth);
  cursor.at = at;
  return cursor;
}

/** What TensorFlow Serving calls `instances` is called `data` here. */
function inWordsOfData<Result>(ports: readonly ServingPort[], read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ServingProblem)) throw error;
    if (error.message.startsWith('instances is a plain list')) {
      const names = ports.map(({ name }) => name).join(', ');
      throw invalidArgument(
        `data has plain rows, and the model has several inputs: each row is an object of ${names}.`,
      );
    }
    throw new ServingProblem(error.code, error.message.replaceAll("'instances'", 'data'));
  }
}

function valueOf(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    throw new HttpProblem(400, 'bad-json', 'The body is not JSON.', 'Send a JSON object.');
  }
}

const misfit = (what: string) =>
  new HttpProblem(
    422,
    'bad-request',
    `The request is wrong: ${what}.`,
    'Send {"data": [[…]], "model_name": "…"}; /docs has all fields.',
  );
