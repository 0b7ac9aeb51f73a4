import assert from 'node:assert/strict';
import { historyHours } from '../../../src/export/network.ts';
import { networkGraph } from '../../../src/export/network-graph.ts';
import { encodeSavedModel } from '../../../src/export/saved-model.ts';
import { servedGraph, signaturesOf as savedSignatures } from '../../../src/export/signatures.ts';
import type { RingListener } from '../../../src/ring/rendezvous.ts';
import { servingSignatures } from '../../../src/serving/engine/signatures.ts';
import { placesOf, type Arrangement } from '../../../src/serving/sharded/place.ts';
import { servedFromMemory } from '../../../src/serving/sharded/served-network.ts';
import { shardedServable } from '../../../src/serving/sharded/servable.ts';
import { openShardDoor } from '../../../src/serving/sharded/shard-door.ts';
import { signaturesOf } from '../../../src/serving/sharded/signature.ts';
import type { TensorMap } from '../../../src/serving/tensor.ts';
import { smallNetwork } from '../../export/small-network.ts';
import { batchFor, inputsOf, requireAnswered } from './asked.ts';

const NETWORKS = {
  'of two layers': smallNetwork('plain'),
  'whose heads share keys and values': smallNetwork('grouped', {
    config: { width: 32, heads: 4, kvHeads: 2, layers: 3 },
  }),
  'with a window': smallNetwork('window', { config: { window: 6, layers: 3 }, sequenceLength: 40 }),
  'of one layer, without columns of the day': smallNetwork('no day', {
    dayColumns: [],
    config: { layers: 1 },
  }),
  'with hourly answers alone': smallNetwork('hourly', { answersIssues: false }),
};

const ARRANGEMENTS: Arrangement[] = [
  { stages: 1, ranks: 2 },
  { stages: 1, ranks: 4 },
  { stages: 2, ranks: 1 },
  { stages: 2, ranks: 2 },
];

const TOKEN = 'known to both';

describe('a sharded network', () => {
  // Shards of all networks in this process, each over its own links, as on another host.
  let door: RingListener;
  before(async () => (door = await openShardDoor(TOKEN, {})));
  after(() => door.close());

  const open = (network: ReturnType<typeof smallNetwork>, arrangement: Arrangement) => {
    const addresses = placesOf(arrangement).map(() => door.address);
    const elsewhere = { addresses, token: TOKEN };
    return shardedServable({ network: servedFromMemory(network), arrangement, elsewhere });
  };

  for (const [name, network] of Object.entries(NETWORKS)) {
    for (const arrangement of ARRANGEMENTS) {
      const { stages, ranks } = arrangement;
      if (stages > network.config.layers) continue;
      it(`${name} answers from ${stages} × ${ranks} shards what it does from one process`, async () => {
        const hours = historyHours(network);
        const batch = await batchFor(network, [hours, Math.ceil(hours / 2), 1, hours - 1, 3]);
        const servable = await open(network, arrangement);
        try {
          requireAnswered(await servable.run('serving_default', inputsOf(batch)), batch);
        } finally {
          await servable.unload();
        }
      });
    }

    it(`${name} has the signature of its graph`, () => {
      const graph = servedGraph(encodeSavedModel(networkGraph(network)), name);
      assert.deepEqual(signaturesOf(network), servingSignatures(savedSignatures(graph)));
    });
  }

  it('refuses what its signature does not have', async () => {
    const network = NETWORKS['of two layers'];
    const batch = await batchFor(network, [24, 5]);
    const servable = await open(network, { stages: 1, ranks: 2 });
    const whole = inputsOf(batch);
    const changed = (name: string, change: object): TensorMap =>
      new Map([...whole, [name, { ...whole.get(name)!, ...change }]]);
    const wrong: Record<string, TensorMap> = {
      'a missing input': new Map([...whole].filter(([name]) => name !== 'base_mw')),
      'an input more': new Map([...whole, ['other', whole.get('region')!]]),
      'another type': changed('region', { dtype: 'float32', data: new Float32Array(2) }),
      'another shape': changed('history', { shape: [2, 23, 5] }),
      'another batch': changed('region', { shape: [1], data: Int32Array.of(0) }),
      'more hours than there are': changed('history_hours', { data: Int32Array.of(24, 25) }),
      'no hours': changed('history_hours', { data: Int32Array.of(0, 5) }),
      'a region that it does not know': changed('region', { data: Int32Array.of(0, 3) }),
    };
    try {
      for (const [what, inputs] of Object.entries(wrong))
        await assert.rejects(
          servable.run('serving_default', inputs),
          { name: 'ServingProblem', code: 'INVALID_ARGUMENT' },
          what,
        );
      await assert.rejects(servable.run('other', whole), { code: 'INVALID_ARGUMENT' });
      requireAnswered(await servable.run('serving_default', whole), batch);
    } finally {
      await servable.unload();
    }
    await assert.rejects(servable.run('serving_default', inputsOf(batch)), { code: 'UNAVAILABLE' });
  });

  it('is not served by a door that does not know the token', async () => {
    const [address, network] = [door.address, servedFromMemory(NETWORKS['of two layers'])];
    const elsewhere = { addresses: [address, address], token: 'guessed' };
    await assert.rejects(shardedServable({ network, arrangement: { stages: 1, ranks: 2 }, elsewhere }), {
      name: 'RingBrokenError',
    });
  });
});
