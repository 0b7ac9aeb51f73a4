import type { Limits } from '../gate.ts';
import { invalidArgument } from '../problem.ts';
import type { ServingPort } from '../signature.ts';
import type { ServingTensor, TensorMap } from '../tensor.ts';
import { JsonCursor } from './json-cursor.ts';
import { skipValue } from './json-skip.ts';
import { instancesTensors, isEncoded } from './instances.ts';
import { TensorReader } from './tensor-reader.ts';

/** How the tensors lay in a request decides how they lie in its answer. */
export type PredictFormat = 'row' | 'columnar';

export interface ReadPredict {
  /** Absent: the default. */
  signature: string | undefined;
  inputs: TensorMap;
  format: PredictFormat;
}

/**
 * The body of `:predict` as tensors, in one pass and without a tree of it: what a value must be is known from the
 * signature while it is read.
 *
 * @param inputsOf of the signature by its name; throws where there is none
 * @throws ServingProblem INVALID_ARGUMENT
 */
export function readPredict(
  body: Buffer,
  inputsOf: (signature: string | undefined) => readonly ServingPort[],
  limits: Limits,
): ReadPredict {
  const cursor = openDocument(body, limits);
  let signature: string | undefined;
  let format: PredictFormat | undefined;
  let from = 0;
  let inputs: TensorMap | undefined;
  const read = (kind: PredictFormat, at: JsonCursor) => {
    const ports = inputsOf(signature);
    if (ports.length === 0) {
      throw invalidArgument(`Failed to get input map for signature: ${signature || 'DEFAULT'}`);
    }
    return kind === 'row' ? instancesTensors(at, ports, limits) : columnarTensors(at, ports);
  };

  cursor.object((key) => {
    if (key === 'signature_name' && signature === undefined) {
      signature = signatureName(cursor);
    } else if (key === FORMAT_KEYS.row || key === FORMAT_KEYS.columnar) {
      const kind = key === FORMAT_KEYS.row ? 'row' : 'columnar';
      if (format && format !== kind) {
        throw invalidArgument(
          "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist",
        );
      }
      if (format) return skipValue(cursor);
      format = kind;
      from = cursor.at;
      if (signature === undefined && mayNameSignature(body, from)) skipValue(cursor);
      else inputs = read(kind, cursor);
    } else skipValue(cursor);
  });

  if (!format) {
    inputsOf(signature);
    throw invalidArgument("Missing 'inputs' or 'instances' key");
  }
  if (!inputs) {
    const again = new JsonCursor(body, limits.depth);
    again.at = from;
    inputs = read(format, again);
  }
  return { signature, inputs, format };
}

const FORMAT_KEYS = { row: 'instances', columnar: 'inputs' } as const;

/** Which signature it is may be said after the tensors; its key may be written with escapes. */
const mayNameSignature = (body: Buffer, from: number): boolean =>
  body.indexOf('signature_name', from) >= 0 || body.indexOf('\\u', from) >= 0;

/** Before the object that a request is. */
export function openDocument(body: Buffer, limits: Limits): JsonCursor {
  if (body.length === 0) throw invalidArgument('JSON Parse error: The document is empty');
  const cursor = new JsonCursor(body, limits.depth);
  // A mark of the encoding, which rapidjson steps over as well.
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) cursor.at = 3;
  if (cursor.peek() < 0) throw cursor.error('The document is empty.');
  if (cursor.type() !== 'Object') {
    skipValue(cursor);
    throw invalidArgument('JSON Value: Is not object');
  }
  return cursor;
}

export function signatureName(cursor: JsonCursor): string {
  if (cursor.type() !== 'String') {
    skipValue(cursor);
    throw invalidArgument(
      "JSON Value: not formatted correctly. 'signature_name' key must be a string value.",
    );
  }
  return cursor.string().toString('utf8');
}

/** One tensor as it is, or an object of them by name. */
function columnarTensors(cursor: JsonCursor, ports: readonly ServingPort[]): TensorMap {
  if (cursor.type() !== 'Object' || isEncoded(cursor)) {
    if (ports.length > 1) {
      throw invalidArgument(
        'inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map',
      );
    }
    const [port] = ports as [ServingPort];
    return new Map([[port.name, tensorHere(cursor, port)]]);
  }
  const tensors = new Map<string, ServingTensor>();
  cursor.object((key) => {
    const port = ports.find(({ name }) => name === key);
    if (!port || tensors.has(key)) skipValue(cursor);
    else tensors.set(key, tensorHere(cursor, port));
  });
  for (const { name } of ports) {
    if (!tensors.has(name)) throw invalidArgument(`Missing named input: ${name} in 'inputs' object.`);
  }
  return tensors;
}

function tensorHere(cursor: JsonCursor, { dtype }: ServingPort): ServingTensor {
  const reader = new TensorReader(dtype);
  reader.read(cursor);
  return reader.tensor();
}
