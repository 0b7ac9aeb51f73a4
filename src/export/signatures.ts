import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../errors.ts';
import { WireMessage } from './wire-message.ts';

/** An input or output of a signature. */
export interface SignaturePort {
  /** As callers name it. */
  name: string;
  /** As the graph does, such as `serving_default_x:0`. */
  tensor: string;
  /** TensorFlow's name, such as `DT_FLOAT`. */
  dtype: string;
  /** −1: any size; null: any rank. */
  shape: number[] | null;
}

export interface Signature {
  /** Such as `tensorflow/serving/predict`. */
  method: string;
  inputs: SignaturePort[];
  outputs: SignaturePort[];
}

/** Of `types.proto`; others are told by their numbers. */
const DTYPES: Record<number, string> = {
  ...{ 1: 'DT_FLOAT', 2: 'DT_DOUBLE', 3: 'DT_INT32', 4: 'DT_UINT8', 7: 'DT_STRING', 9: 'DT_INT64' },
  10: 'DT_BOOL',
};

const SERVE = 'serve';
/** Signatures that TensorFlow writes for itself. */
const INTERNAL = '__saved_model_';

/** The signatures of the graph that a SavedModel is served by, whoever wrote it. */
export async function readSignatures(folder: string): Promise<Map<string, Signature>> {
  const path = join(folder, 'saved_model.pb');
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    throw new MissingDataError(`${folder} is no SavedModel: it has no saved_model.pb.`, 'Give its folder.');
  });
  return signaturesOf(servedGraph(bytes, path));
}

/**
 * The `MetaGraphDef` with the tag `serve` of a `saved_model.pb`.
 * @throws CorruptArtifactError that names `path`
 */
export function servedGraph(bytes: Uint8Array, path: string): WireMessage {
  try {
    const graphs = new WireMessage(bytes).messages(2);
    const served = graphs.find((graph) => graph.message(1).texts(4).includes(SERVE));
    if (served) return served;
    throw new RangeError(`no graph in it has the tag ${SERVE}`);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CorruptArtifactError(`${path} is not a SavedModel: ${error.message}.`, 'Write it again.');
  }
}

export function signaturesOf(metaGraph: WireMessage): Map<string, Signature> {
  const signatures = [...metaGraph.entries(5)].filter(([name]) => !name.startsWith(INTERNAL));
  return new Map(signatures.map(([name, message]) => [name, signatureOf(message)]));
}

export function signatureNamed(signatures: ReadonlyMap<string, Signature>, name: string): Signature {
  const found = signatures.get(name);
  if (found) return found;
  const names = [...signatures.keys()].join(', ');
  throw new BadInputError(
    `The SavedModel has no signature ${name}.`,
    names ? `It has ${names}.` : 'It has none.',
  );
}

const byName = (a: SignaturePort, b: SignaturePort) => (a.name < b.name ? -1 : 1);

/** A map has no order of its own. */
function signatureOf(message: WireMessage): Signature {
  const ports = (field: number) => [...message.entries(field)].map(portOf).toSorted(byName);
  return { method: message.text(3), inputs: ports(1), outputs: ports(2) };
}

function portOf([name, info]: [string, WireMessage]): SignaturePort {
  const shape = info.message(3);
  return {
    name,
    tensor: info.text(1),
    dtype: DTYPES[info.number(2)] ?? `dtype ${info.number(2)}`,
    shape: shape.number(3) === 1 ? null : shape.messages(2).map((dimension) => dimension.number(1)),
  };
}
