import * as tf from '@tensorflow/tfjs';
import { BadInputError, oneLine, UnavailableError } from '../errors.ts';
import { tensor, type Tensor, type TensorDtype } from '../lake/safetensors.ts';
import { startNativeTensorflow } from '../tensorflow/native.ts';
import { readSignatures, signatureNamed, type Signature, type SignaturePort } from './signatures.ts';

/** What TensorFlow takes of what a tensor here may hold. */
const TAKES: Record<string, TensorDtype> = { DT_FLOAT: 'F32', DT_INT32: 'I32', DT_INT64: 'I32' };

/** What of TensorFlow.js's native backend runs SavedModels. */
interface SavedModelBackend {
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  runSavedModel(
    id: number,
    inputs: tf.Tensor[],
    infos: { name: string; tfDtype: string }[],
    outputs: string[],
  ): tf.Tensor[];
  deleteSavedModel(id: number): void;
}

/** A SavedModel in memory, run by TensorFlow's own library. Dispose of it. */
export interface LoadedSavedModel extends Disposable {
  signature: Signature;
  run(inputs: Record<string, Tensor>): Promise<Record<string, Tensor>>;
}

/**
 * Loads a SavedModel that anybody wrote. From then on TensorFlow's library is what TensorFlow.js computes with in this
 * process.
 */
export async function loadSavedModel(
  folder: string,
  { signature: name, threads }: { signature: string; threads: number },
): Promise<LoadedSavedModel> {
  const signature = signatureNamed(await readSignatures(folder), name);
  const native = await startNativeTensorflow(threads);
  if (!('name' in native)) {
    throw new UnavailableError(
      `A SavedModel is run by TensorFlow's own library: ${native.note}.`,
      'Run `setup tensorflow`.',
    );
  }
  const backend = tf.backend() as unknown as SavedModelBackend;
  const id = said(() => backend.loadSavedModelMetaGraph(folder, 'serve'));
  return {
    signature,
    run: async (inputs) => {
      const given = signature.inputs.map((port) => inputOf(port, inputs));
      const names = signature.outputs.map((port) => port.tensor);
      const infos = signature.inputs.map((port) => ({ name: port.tensor, tfDtype: port.dtype }));
      try {
        const found = said(() => backend.runSavedModel(id, given, infos, names));
        const answers = found.map((one) => tensor(one.dataSync() as Float32Array | Int32Array, one.shape));
        tf.dispose(found);
        return Object.fromEntries(signature.outputs.map((port, i) => [port.name, answers[i]!]));
      } finally {
        tf.dispose(given);
      }
    },
    [Symbol.dispose]: () => backend.deleteSavedModel(id),
  };
}

/** What TensorFlow refuses it says in its own words. */
function said<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const reason = oneLine((error as Error).message).replace(/\.*$/, '');
    throw new BadInputError(
      `TensorFlow refuses it: ${reason}.`,
      'See what `saved-model` says that it takes.',
    );
  }
}

function inputOf(port: SignaturePort, inputs: Record<string, Tensor>): tf.Tensor {
  const given = inputs[port.name];
  const wanted = spelled(port);
  if (!given) throw new BadInputError(`The input ${port.name} is missing.`, `Give it as ${wanted}.`);
  const { data, shape, dtype } = given;
  const fits =
    port.shape === null ||
    (port.shape.length === shape.length && port.shape.every((size, i) => size < 0 || size === shape[i]));
  if (!fits || TAKES[port.dtype] !== dtype) {
    throw new BadInputError(
      `The input ${port.name} is ${dtype} [${shape.join(', ')}].`,
      `It wants ${wanted}.`,
    );
  }
  return tf.tensor(data as Float32Array | Int32Array, shape, dtype === 'F32' ? 'float32' : 'int32');
}

/** Such as `F32 [any, 24]`. */
function spelled({ dtype, shape }: SignaturePort): string {
  const sizes = shape?.map((size) => (size < 0 ? 'any' : size)).join(', ') ?? 'any shape';
  return `${TAKES[dtype] ?? dtype} [${sizes}]`;
}
