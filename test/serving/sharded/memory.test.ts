import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { arrangementFor } from '../../../src/serving/sharded/arrangement.ts';
import { memoryOf, shardBytes, WHOLE } from '../../../src/serving/sharded/memory.ts';
import { servedFromMemory } from '../../../src/serving/sharded/served-network.ts';
import { shardedServable } from '../../../src/serving/sharded/servable.ts';
import { smallNetwork } from '../../export/small-network.ts';
import { inputsOf, plainInputs } from './asked.ts';

/** Bytes of a process that were resident at most. */
const peakOf = (pid: number) =>
  1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);

describe('the memory of shards', () => {
  const long = smallNetwork('long', {
    config: { width: 64, heads: 2, mlpWidth: 256 },
    sequenceLength: 12_000,
  });
  const large = smallNetwork('large', {
    config: { width: 256, heads: 8, mlpWidth: 1024, layers: 8 },
    sequenceLength: 24,
  });

  it('is about what is foreseen', async function () {
    if (process.platform !== 'linux') this.skip();
    const servable = await shardedServable({ network: servedFromMemory(long), arrangement: WHOLE });
    try {
      const [pid] = servable.pids();
      const before = peakOf(pid!);
      await servable.run('serving_default', inputsOf({ inputs: plainInputs(long) }));
      const peak = peakOf(pid!);
      const foreseen = memoryOf(long);
      assert.ok(peak < 1.4 * foreseen && foreseen < 1.4 * peak, `${peak} was foreseen as ${foreseen}`);
      const ofHours = foreseen - memoryOf({ ...long, sequenceLength: 1 });
      const grown = peak - before;
      assert.ok(grown > ofHours / 2 && grown < 3 * ofHours, `${grown} was foreseen as ${ofHours}`);
    } finally {
      await servable.unload();
    }
  });

  it('is parted by hours where those are many, and by layers where the weights are large', () => {
    const savedBy = (network: typeof long, arrangement: typeof WHOLE) =>
      shardBytes(network, WHOLE) - shardBytes(network, arrangement);
    const [byHours, byLayers] = [
      { stages: 1, ranks: 4 },
      { stages: 4, ranks: 1 },
    ];
    assert.ok(savedBy(long, byHours) > 4 * savedBy(long, byLayers));
    assert.ok(savedBy(large, byLayers) > 4 * savedBy(large, byHours));

    const room = (network: typeof long, arrangement: typeof WHOLE) =>
      arrangementFor(network, { memoryBytes: shardBytes(network, arrangement) });
    assert.equal(room(long, WHOLE), undefined);
    assert.deepEqual(room(long, byHours), byHours);
    assert.deepEqual(room(large, byLayers), byLayers);
  });

  it('is that of the number of shards that is given', () => {
    const memoryBytes = shardBytes(long, { stages: 1, ranks: 4 });
    const given = (shards: number) => arrangementFor(long, { memoryBytes, shards });
    assert.deepEqual(given(8), { stages: 1, ranks: 8 });
    assert.throws(() => given(2), { name: 'BadInputError' });
    assert.equal(arrangementFor(long, { memoryBytes: memoryOf(long), shards: 8 }), undefined);
  });
});
