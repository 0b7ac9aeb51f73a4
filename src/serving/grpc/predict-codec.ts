import { Message } from '../../export/protobuf.ts';
import { WireMessage } from '../../export/wire-message.ts';
import { invalidArgument } from '../problem.ts';
import type { ModelSpec, PredictAnswer } from '../service.ts';
import { DEFAULT_SIGNATURE } from '../signature.ts';
import type { ServingTensor } from '../tensor.ts';
import { decodeTensor, encodeTensor } from './tensor-proto.ts';

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
 * @throws ServingProblem INVALID_ARGUMENT
 */
export function decodePredict(bytes: Uint8Array, mostBytes: number): WirePredict {
  let name = '';
  try {
    const message = new WireMessage(bytes);
    const inputs = new Map<string, ServingTensor>();
    for (const [key, tensor] of message.entries(2)) {
      name = key;
      inputs.set(key, decodeTensor(tensor, mostBytes));
    }
    name = '';
    const model = message.message(1);
    return {
      spec: modelSpec(model),
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

export function encodePrediction({ model, version, signature, outputs }: PredictAnswer): Uint8Array {
  const message = new Message();
  for (const [name, tensor] of outputs) message.entry(1, name, encodeTensor(tensor));
  const spec = new Message().text(1, model).message(2, new Message().integer(1, version)).text(3, signature);
  return message.message(2, spec).encode();
}
