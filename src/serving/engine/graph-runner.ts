import * as tf from '@tensorflow/tfjs';
import { signaturesOf } from '../../export/signatures.ts';
import type { WireMessage } from '../../export/wire-message.ts';
import { ServingProblem } from '../problem.ts';
import type { Signatures } from '../signature.ts';
import type { ServingTensor, TensorMap } from '../tensor.ts';
import { denseChain, type DenseChain } from './dense-chain.ts';
import { denseRunner } from './dense-runner.ts';
import { graphArtifacts } from './graph-artifacts.ts';
import type { Runner } from './runner.ts';
import { servingSignatures } from './signatures.ts';
import { fromTensor, toTensor } from './tensors.ts';

/** Whatever runs a frozen graph best: dense layers by the compiled products, anything else by TensorFlow.js. */
export async function graphRunner(metaGraph: WireMessage, sha256: string): Promise<Runner> {
  const signatures = servingSignatures(signaturesOf(metaGraph));
  const handler = graphArtifacts(metaGraph.message(2));
  const artifacts = await handler.load!();
  const chains = new Map<string, DenseChain>();
  for (const [name, signature] of signatures) {
    const chain = denseChain(artifacts, signature);
    if (chain) chains.set(name, chain);
  }
  const dense = chains.size === signatures.size ? denseRunner(chains, signatures, sha256) : undefined;
  return dense ?? GraphRunner.load(handler, signatures, sha256);
}

/** A frozen graph, run by TensorFlow.js on whatever backend this thread has started. */
export class GraphRunner implements Runner {
  readonly signatures: Signatures;
  readonly sha256: string;
  readonly bytes: number;
  readonly #model: tf.GraphModel;

  private constructor(model: tf.GraphModel, signatures: Signatures, sha256: string, bytes: number) {
    this.#model = model;
    this.signatures = signatures;
    this.sha256 = sha256;
    this.bytes = bytes;
  }

  static async load(handler: tf.io.IOHandler, signatures: Signatures, sha256: string): Promise<GraphRunner> {
    const before = tf.memory().numBytes;
    const model = await tf.loadGraphModel(handler);
    return new GraphRunner(model, signatures, sha256, tf.memory().numBytes - before);
  }

  run(name: string, inputs: TensorMap): TensorMap {
    const signature = this.signatures.get(name)!;
    const feeds: tf.NamedTensorMap = {};
    const answers = new Map<string, ServingTensor>();
    let found: tf.Tensor[] = [];
    try {
      for (const port of signature.inputs)
        feeds[nodeOf(port.tensor)] = toTensor(inputs.get(port.name)!, port.name);
      const names = signature.outputs.map((port) => nodeOf(port.tensor));
      found = [this.#model.execute(feeds, names)].flat();
      for (const [i, port] of signature.outputs.entries())
        answers.set(port.name, fromTensor(found[i]!, port));
      return answers;
    } catch (error) {
      if (error instanceof ServingProblem) throw error;
      throw Object.assign(
        new ServingProblem('INTERNAL', `The graph does not run: ${(error as Error).message}`),
        {
          cause: error,
        },
      );
    } finally {
      tf.dispose([feeds, found]);
    }
  }

  close(): void {
    this.#model.dispose();
  }
}

const nodeOf = (tensor: string) => tensor.replace(/:0$/, '');
