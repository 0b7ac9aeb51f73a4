import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { RingBrokenError } from '../../src/errors.ts';
import { gaussians, randomOf } from '../../src/model/random.ts';
import { onLocalRing, openLocalRing } from '../../src/ring/local.ts';

describe('collectives', () => {
  it('sum over any number of ranks and any length, exactly where sums are exact', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 40 }),
        async (worldSize, length) => {
          const sums = await onLocalRing(worldSize, async (ring) => {
            const values = Float32Array.from({ length }, (_, i) => (ring.rank + 1) * (i - 7));
            await ring.allReduce(values);
            return values;
          });
          const factor = (worldSize * (worldSize + 1)) / 2;
          for (const sum of sums)
            assert.deepEqual(
              [...sum],
              Array.from({ length }, (_, i) => factor * (i - 7)),
            );
        },
      ),
      { numRuns: 25 },
    );
  });

  it('give all ranks the same bits of a sum, every time', async () => {
    const sum = () =>
      onLocalRing(3, async (ring) => {
        const values = gaussians(randomOf('sum', ring.rank), 1000, 10 ** ring.rank);
        await ring.allReduce(values);
        return values;
      });
    const [first, second] = [await sum(), await sum()];
    for (const each of [...first, ...second]) assert.deepEqual(each, first[0]);
  });

  it('gather in the order of ranks and broadcast what any one rank holds', async () => {
    const heard = await onLocalRing(4, async (ring) => {
      const numbers = await ring.allGatherNumbers([ring.rank / 3]);
      const words: string[] = [];
      for (const root of [0, 1, 2, 3]) {
        words.push(Buffer.from(await ring.broadcast(Buffer.from(`from ${ring.rank}`), root)).toString());
      }
      return { numbers, words };
    });
    const numbers = [0, 1, 2, 3].map((rank) => [rank / 3]);
    for (const each of heard)
      assert.deepEqual(each, { numbers, words: ['from 0', 'from 1', 'from 2', 'from 3'] });
  });

  it('say what crossed the links and how long a rank stood', async () => {
    const timings = await onLocalRing(2, async (ring) => {
      const before = ring.timing();
      await ring.stand(new Promise((resolve) => setTimeout(resolve, 30)));
      await ring.allGather(new Uint8Array(1 << 20));
      return { before, after: ring.timing() };
    });
    for (const { before, after } of timings) {
      assert.ok(after.bytesSent - before.bytesSent >= 1 << 20);
      assert.ok(after.bytesReceived - before.bytesReceived >= 1 << 20);
      assert.ok(after.waitSeconds - before.waitSeconds >= 0.029);
      assert.ok(after.transferSeconds > before.transferSeconds);
    }
  });

  it('let nobody through a barrier before all have come', async () => {
    const events: string[] = [];
    await onLocalRing(3, async (ring) => {
      if (ring.rank === 2) await new Promise((resolve) => setTimeout(resolve, 30));
      events.push('come');
      await ring.barrier();
      events.push('through');
    });
    assert.deepEqual(events, ['come', 'come', 'come', 'through', 'through', 'through']);
  });

  it('fail on every rank when one dies, also on those that are not its neighbours', async () => {
    const ring = await openLocalRing(4);
    const outcomes = ring.slice(0, 3).map(async (each) => {
      try {
        for (;;) await each.barrier();
      } catch (error) {
        each.destroy();
        return error;
      }
    });
    ring[3]!.destroy();
    for (const error of await Promise.all(outcomes)) assert.ok(error instanceof RingBrokenError);
  });

  it('fail where they are waited for: a block on its way to a rank that dies is no unhandled rejection', async () => {
    const [alive, dying] = await openLocalRing(2);
    const big = new Float32Array(8 << 20);
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const sent = alive!.sendKeyValues({ k: big, v: big, positions: new Int32Array(1) });
    dying!.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.off('unhandledRejection', note);
    assert.deepEqual(unhandled, []);
    await assert.rejects(sent, RingBrokenError);
    alive!.destroy();
  });

  it('of a ring of one need nobody', async () => {
    const [sum] = await onLocalRing(1, async (ring) => {
      const values = Float32Array.of(1, 2);
      await ring.allReduce(values);
      await ring.barrier();
      return values;
    });
    assert.deepEqual(sum, Float32Array.of(1, 2));
  });
});
