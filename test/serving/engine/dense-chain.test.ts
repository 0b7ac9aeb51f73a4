import { deepEqual, equal, ok } from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import { startBackend } from '../../../src/backend/backend.ts';
import { BATCH, type Value } from '../../../src/export/graph.ts';
import { GraphBuilder } from '../../../src/export/graph-builder.ts';
import { encodeSavedModel } from '../../../src/export/saved-model.ts';
import { servedGraph, signaturesOf } from '../../../src/export/signatures.ts';
import { gaussians, randomOf } from '../../../src/model/random.ts';
import { compiled } from '../../../src/native/compiled.ts';
import { denseChain } from '../../../src/serving/engine/dense-chain.ts';
import { denseRunner } from '../../../src/serving/engine/dense-runner.ts';
import { graphArtifacts } from '../../../src/serving/engine/graph-artifacts.ts';
import { GraphRunner } from '../../../src/serving/engine/graph-runner.ts';
import { servingSignatures } from '../../../src/serving/engine/signatures.ts';
import type { ServingTensor, TensorMap } from '../../../src/serving/tensor.ts';

type Layers = (g: GraphBuilder, x: Value) => Value;

const random = randomOf('dense');
const weights = (...shape: number[]) =>
  gaussians(
    random,
    shape.reduce((size, axis) => size * axis, 1),
    0.5,
  );

/** Of 2 × 3 inputs an item. */
function graphOf(layers: Layers) {
  const g = new GraphBuilder();
  const shape = { dtype: 'float32' as const, shape: [BATCH, 2, 3], axes: ['batch', 'a', 'b'] };
  const x = g.input({ name: 'x', unit: '1', about: 'x', ...shape });
  g.output({ name: 'y', axes: ['batch'], unit: '1', about: 'y' }, layers(g, x));
  const meta = servedGraph(encodeSavedModel(g.build()), 'a test');
  return { handler: graphArtifacts(meta.message(2)), signatures: servingSignatures(signaturesOf(meta)) };
}

const dense = (g: GraphBuilder, x: Value, name: string, inner: number, columns: number) =>
  g.add(
    g.matmul(x, g.constant(`${name}.w`, weights(inner, columns), [inner, columns])),
    g.constant(`${name}.b`, weights(columns), [columns]),
  );

const CHAINS: Record<string, Layers> = {
  'two layers with a rectifier': (g, x) =>
    dense(g, g.maximum(dense(g, g.reshape(x, [BATCH, 6]), 'one', 6, 5), 0), 'two', 5, 4),
  'a layer of each row, then one of all': (g, x) =>
    dense(g, g.reshape(g.sigmoid(dense(g, x, 'one', 3, 4)), [BATCH, 8]), 'two', 8, 1),
  'no layer at all': (g, x) => g.maximum(x, 0),
};

const OTHERS: Record<string, Layers> = {
  'adds what came in': (g, x) => g.add(g.matmul(x, g.constant('w', weights(3, 3), [3, 3])), x),
  divides: (g, x) => g.divide(x, 2),
  'cuts at something else than nothing': (g, x) => g.maximum(x, 1),
  'adds one number to all': (g, x) => g.add(x, 1),
};

describe('a graph of dense layers', () => {
  before(() => startBackend());

  for (const [name, layers] of Object.entries(CHAINS)) {
    it(`that has ${name} answers as TensorFlow.js does, batch after batch`, async function () {
      const { handler, signatures } = graphOf(layers);
      const chain = denseChain(
        (await handler.load!()) as tf.io.ModelArtifacts,
        signatures.get('serving_default')!,
      );
      ok(chain, 'it is not seen as one');
      const runner = denseRunner(new Map([['serving_default', chain]]), signatures, '');
      if (!runner) {
        equal(compiled(), undefined);
        this.skip();
      }
      const reference = await GraphRunner.load(handler, signatures, '');
      for (const rows of [3, 1, 7]) {
        const data = weights(rows, 2, 3);
        const inputs = (): TensorMap =>
          new Map([['x', { dtype: 'float32', shape: [rows, 2, 3], data: data.slice() }]]);
        const y: ServingTensor = (await runner.run('serving_default', inputs())).get('y')!;
        const expected = reference.run('serving_default', inputs()).get('y')!;
        deepEqual([y.dtype, y.shape], [expected.dtype, expected.shape]);
        for (const [i, value] of [...(expected.data as Float32Array)].entries()) {
          const off = Math.abs((y.data[i] as number) - value);
          ok(off <= 1e-6 * Math.max(1, Math.abs(value)), `${String(y.data[i])} for ${value}`);
        }
      }
      reference.close();
    });
  }

  for (const [name, layers] of Object.entries(OTHERS)) {
    it(`is left to TensorFlow.js where it ${name}`, async () => {
      const { handler, signatures } = graphOf(layers);
      equal(
        denseChain((await handler.load!()) as tf.io.ModelArtifacts, signatures.get('serving_default')!),
        undefined,
      );
    });
  }

  it('keeps an answer as it is when it is asked again', async function () {
    const { handler, signatures } = graphOf(CHAINS['two layers with a rectifier']!);
    const chain = denseChain(
      (await handler.load!()) as tf.io.ModelArtifacts,
      signatures.get('serving_default')!,
    )!;
    const runner = denseRunner(new Map([['serving_default', chain]]), signatures, '');
    if (!runner) this.skip();
    const ask = (value: number) =>
      runner.run(
        'serving_default',
        new Map([['x', { dtype: 'float32', shape: [1, 2, 3], data: new Float32Array(6).fill(value) }]]),
      );
    const first = await ask(1);
    const before = [...(first.get('y')!.data as Float32Array)];
    await ask(2);
    deepEqual([...(first.get('y')!.data as Float32Array)], before);
  });
});
