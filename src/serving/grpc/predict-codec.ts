import { WireMessage } from '../../export/wire-message.ts';
import { invalidArgument } from '../problem.ts';
import type { ModelSpec, PredictAnswer } from '../service.ts';
import { DEFAULT_SIGNATURE } from '../signature.ts';
import { DTYPES, type ServingTensor } from '../tensor.ts';
import { BackwardsWriter } from './backwards-writer.ts';
import { decodeTensor, encodeValues, VALUES } from './tensor-proto.ts';

/** `PredictRequest` as it came. */
export interface WirePredict {
  spec: ModelSpec;
  signature: string;
  inputs: Map<string, ServingTensor>;
  /** Empty: all. */
  outputs: string[];
}

/**
 * By hand, for tensors are most of what crosses: the general way makes an array of numbers of each, and of that the
 * tensor.
 *
 * @param mostBytes that one tensor may take
 * @param named told who is asked, before the tensors are read
 * @throws ServingProblem INVALID_ARGUMENT
 */
export function decodePredict(
  bytes: Uint8Array,
  mostBytes: number,
  named?: (spec: ModelSpec) => void,
): WirePredict {
  let name = '';
  try {
    const message = new WireMessage(bytes);
    const model = message.message(1);
    const spec = modelSpec(model);
    named?.(spec);
    const inputs = new Map<string, ServingTensor>();
    for (const [key, tensor] of message.entries(2)) {
      name = key;
      inputs.set(key, decodeTensor(tensor, mostBytes));
    }
    name = '';
    return {
      spec,
      signature: model.text(3) || DEFAULT_SIGNATURE,
      inputs,
      outputs: message.texts(3),
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw invalidArgument(
      name === ''
        ? `The request cannot be read: ${error.message}.`
        : `tensor parsing error: ${name}: ${error.message}`,
    );
  }
}

function modelSpec(model: WireMessage): ModelSpec {
  const name = model.text(1);
  if (name === '') throw invalidArgument('ModelSpec has no name specified.');
  if (model.has(4)) return { name, label: model.text(4) };
  if (!model.has(2)) return { name };
  const version = model.message(2).number(1);
  if (Number.isSafeInteger(version)) return { name, version };
  throw invalidArgument('The version is too large.');
}

/** From the end to the beginning, where the length of each part is known when it is written: into one block. */
export function encodePrediction({ model, version, signature, outputs }: PredictAnswer): Uint8Array {
  const values = [...outputs].map(([name, tensor]) => ({ name, tensor, values: encodeValues(tensor) }));
  const room = values.reduce((sum, part) => sum + roomFor(part), roomOf(model) + roomOf(signature));
  const writer = new BackwardsWriter(room + ROOM_FOR_KEYS);
  const end = writer.at;
  writer.text(3, signature);
  const spec = writer.at;
  writer.integer(1, version);
  writer.open(2, spec);
  writer.text(1, model);
  writer.open(2, end);
  for (const { name, tensor, values: bytes } of values.reverse()) {
    const entry = writer.at;
    for (const part of bytes.toReversed()) writer.bytes(VALUES[tensor.dtype], part);
    writeHeader(writer, tensor);
    writer.open(2, entry);
    writer.text(1, name);
    writer.open(1, entry);
  }
  return writer.done();
}

function writeHeader(writer: BackwardsWriter, { dtype, shape }: ServingTensor): void {
  const end = writer.at;
  for (const size of shape.toReversed()) {
    const dimension = writer.at;
    writer.integer(1, size);
    writer.open(2, dimension);
  }
  writer.open(2, end);
  writer.integer(1, DTYPES[dtype].number);
}

/** A key, a length or a number of 53 bits takes at most so much. */
const ROOM_FOR_KEYS = 128;
const roomOf = (text: string) => text.length * 3;
const roomFor = ({ name, tensor, values }: { name: string; tensor: ServingTensor; values: Uint8Array[] }) =>
  values.reduce((sum, { length }) => sum + length + 16, 0) +
  roomOf(name) +
  tensor.shape.length * 16 +
  ROOM_FOR_KEYS;
