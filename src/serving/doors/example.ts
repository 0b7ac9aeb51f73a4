import { Message } from '../../export/protobuf.ts';
import { WireMessage } from '../../export/wire-message.ts';
import { invalidArgument } from '../problem.ts';
import { packedFloats, packedVarints, varints } from './packed.ts';

/** A value of `tensorflow.Example`, of one of its three kinds. */
export type Feature =
  | { kind: 'bytes'; values: Uint8Array[] }
  | { kind: 'float'; values: number[] }
  | { kind: 'int64'; values: bigint[] };

/** `tensorflow.Example` (example.proto, feature.proto): one row of named values. */
export type Example = ReadonlyMap<string, Feature>;

/** Field of `Feature` by kind. */
const KINDS = { bytes: 1, float: 2, int64: 3 } as const;

export function encodeExample(example: Example): Uint8Array {
  const features = new Message();
  for (const [name, feature] of example) features.entry(1, name, encodeFeature(feature));
  return new Message().message(1, features).encode();
}

function encodeFeature(feature: Feature): Message {
  const list = new Message();
  if (feature.kind === 'bytes') for (const value of feature.values) list.bytes(1, value);
  else if (feature.kind === 'float') {
    list.bytes(1, new Uint8Array(Float32Array.from(feature.values).buffer));
  } else list.bytes(1, varints(feature.values));
  return new Message().message(KINDS[feature.kind], list);
}

/**
 * Several messages one after another are one, whose later fields win: so a context stands before its example.
 * @throws ServingProblem INVALID_ARGUMENT where the bytes are no Example
 */
export function decodeExample(bytes: Uint8Array): Example {
  try {
    const features = new Map<string, Feature>();
    for (const part of new WireMessage(bytes).messages(1)) {
      for (const [name, feature] of part.entries(1)) features.set(name, decodeFeature(feature));
    }
    return features;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw invalidArgument('Could not parse example input.');
  }
}

function decodeFeature(feature: WireMessage): Feature {
  if (feature.has(KINDS.float)) {
    const list = feature.message(KINDS.float);
    return { kind: 'float', values: [...list.numbers(1), ...list.blobs(1).flatMap(packedFloats)] };
  }
  if (feature.has(KINDS.int64)) {
    const list = feature.message(KINDS.int64);
    return {
      kind: 'int64',
      values: [...list.numbers(1).map(BigInt), ...list.blobs(1).flatMap(packedVarints)],
    };
  }
  return { kind: 'bytes', values: feature.message(KINDS.bytes).blobs(1) };
}
