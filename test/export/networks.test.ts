import assert from 'node:assert/strict';
import { startBackend } from '../../src/backend/backend.ts';
import { describe as describeNetwork } from '../../src/export/description.ts';
import { historyHours, type RegisteredNetwork } from '../../src/export/network.ts';
import { networkGraph } from '../../src/export/network-graph.ts';
import { encodeOnnx } from '../../src/export/onnx.ts';
import { encodeSavedModel } from '../../src/export/saved-model.ts';
import { requireAnswers } from './require-answers.ts';
import { runOnnx } from './run-onnx.ts';
import { runSavedModel } from './run-saved-model.ts';
import { batchOf, type Batch } from './samples.ts';
import { smallNetwork } from './small-network.ts';
import { smallSamples } from './small-samples.ts';

const NETWORKS: Record<string, { network: RegisteredNetwork; queries?: number }> = {
  'two layers': { network: smallNetwork('plain') },
  'queries in parts': { network: smallNetwork('parts'), queries: 7 },
  'heads that share keys and values': {
    network: smallNetwork('grouped', { config: { width: 32, heads: 4, kvHeads: 2, layers: 3 } }),
    queries: 10,
  },
  'a window': {
    network: smallNetwork('window', { config: { window: 6, layers: 3 }, sequenceLength: 40 }),
    queries: 5,
  },
  'no columns of the day, the median first': {
    network: smallNetwork('no day', { dayColumns: [], quantiles: [0.5, 0.9], config: { layers: 1 } }),
  },
  'the median last': { network: smallNetwork('median last', { quantiles: [0.1, 0.5] }) },
  'hourly answers alone': { network: smallNetwork('hourly', { answersIssues: false }) },
};

describe('an exported network', () => {
  before(() => startBackend());

  for (const [name, { network, queries }] of Object.entries(NETWORKS)) {
    const graph = networkGraph(network, { queries });
    const hours = historyHours(network);
    let batch: Batch;

    describe(`of ${name}`, () => {
      before(async () => {
        const samples = await smallSamples(network, [hours, Math.ceil(hours / 2), 1, hours - 1]);
        batch = batchOf(samples, hours, network.config.channels.length);
      });

      it('answers as ONNX what the network itself does', () => {
        requireAnswers(runOnnx(encodeOnnx(graph, describeNetwork(network, graph)), batch.inputs), batch);
      });

      it('answers as a SavedModel what the network itself does', async () => {
        requireAnswers(await runSavedModel(encodeSavedModel(graph), batch.inputs), batch);
      });
    });
  }

  it('needs no more history than a window’s layers reach back', () => {
    assert.equal(
      historyHours(smallNetwork('w', { config: { window: 6, layers: 3 }, sequenceLength: 40 })),
      16,
    );
    assert.equal(
      historyHours(smallNetwork('w', { config: { window: 30, layers: 3 }, sequenceLength: 40 })),
      40,
    );
    assert.equal(historyHours(smallNetwork('w', { sequenceLength: 40 })), 40);
  });

  it('has each weight once, and equal bytes each time', () => {
    const network = smallNetwork('bytes');
    const written = () => encodeOnnx(networkGraph(network), describeNetwork(network, networkGraph(network)));
    assert.deepEqual(written(), written());
    const { constants } = networkGraph(network);
    assert.equal(new Set(constants.map((constant) => constant.name)).size, constants.length);
  });
});
