import assert from 'node:assert/strict';
import { gaussians, randomOf } from '../../src/model/random.ts';
import { startBackend } from '../../src/backend/backend.ts';
import type { BlockAttention, KeyValueBlock } from '../../src/attention/block-attention.ts';
import type { Collectives } from '../../src/ring/collectives.ts';
import { onLocalRing } from '../../src/ring/local.ts';
import { ringAttentionBackward, ringAttentionForward } from '../../src/ring/ring-attention.ts';
import { TensorBlockAttention } from '../../src/attention/tensor-block-attention.ts';
import { dealPositions } from '../../src/sequences/ring-layout.ts';
import { until } from '../support/until.ts';

const SHAPE = { heads: 4, kvHeads: 2, headDim: 8 };
const TOKENS = 96;
const pause = () => Promise.resolve();

const localOf = (rank: number, worldSize: number, layout: 'contiguous' | 'zigzag' = 'zigzag') => {
  const positions = dealPositions(TOKENS, worldSize, layout).positions[rank]!;
  const random = randomOf('schedule', rank);
  const fresh = (heads: number) => gaussians(random, heads * positions.length * SHAPE.headDim, 1);
  return { q: fresh(4), k: fresh(2), v: fresh(2), positions };
};

/** An attention of both ways, and what it found. */
async function attend(ring: Collectives, engine: BlockAttention, window?: number) {
  const local = localOf(ring.rank, ring.worldSize, window === undefined ? 'zigzag' : 'contiguous');
  const options = { ...SHAPE, causal: true, pause, ...(window === undefined ? {} : { window }) };
  const result = await ringAttentionForward(ring, engine, local, options);
  const gradient = await ringAttentionBackward(ring, engine, local, result, result.out, options);
  return { ...result, ...gradient };
}

/** Does nothing, but each block only when it is let. */
class Steered implements BlockAttention {
  readonly seen: KeyValueBlock[] = [];
  readonly begun: string[] = [];
  #go = Promise.withResolvers<void>();

  async forward(...[, , keyValues]: Parameters<BlockAttention['forward']>) {
    await this.#wait('forward', keyValues);
  }

  async backward(...[, , , keyValues]: Parameters<BlockAttention['backward']>) {
    await this.#wait('backward', keyValues);
  }

  async #wait(what: string, block: KeyValueBlock) {
    this.seen.push(block);
    this.begun.push(what);
    await this.#go.promise;
  }

  next() {
    const { resolve } = this.#go;
    this.#go = Promise.withResolvers<void>();
    resolve();
  }
}

describe('the schedule of the ring', () => {
  before(startBackend);

  it('moves the next block, and the last gradient, while a block is computed with', async () => {
    const engines = [new Steered(), new Steered(), new Steered()];
    const rings: Collectives[] = [];
    const whole = onLocalRing(3, (ring) => {
      rings[ring.rank] = ring;
      return attend(ring, engines[ring.rank]!);
    });
    const received = () => rings.map((ring) => ring.timing().bytesReceived);
    const [keyValues, gradient] = [2 * 2 * 32 * 8 * 4, 2 * 2 * 32 * 8 * 4];
    let before: number[] = [];
    /** All ranks begin to compute; only then, and before any of them has ended, so many bytes come in. */
    const during = async (step: number, bytes: number) => {
      await until(() => engines.every(({ begun }) => begun.length === step));
      await until(() => received().every((now, rank) => now - before[rank]! >= bytes));
      before = received();
      engines.forEach((engine) => engine.next());
    };
    await until(() => engines.every(({ begun }) => begun.length === 1));
    before = rings.map(() => 0);
    await during(1, keyValues); // own block; the first other one comes
    await during(2, keyValues);
    await during(3, 0); // nothing is missing any more
    await during(4, keyValues); // the way back: half of the own block
    await during(5, keyValues); // the first other block; the second comes
    await during(6, gradient); // the second; what the neighbour found for it comes
    await during(7, gradient); // the rest of the own block; its gradient comes home
    await whole;
    assert.deepEqual(
      engines.map(({ begun }) => begun.join(' ')),
      Array<string>(3).fill(`${'forward '.repeat(3)}${'backward '.repeat(4)}`.trim()),
    );
  });

  it('uses memory again and mixes nothing up', async () => {
    const engine = new TensorBlockAttention(32);
    await onLocalRing(3, async (ring) => {
      const [first, word] = [
        await attend(ring, engine),
        await ring.broadcast(Buffer.alloc(1 << 20, 'word'), 1),
      ];
      const copies = Object.values(first).map((values) => values.slice());
      for (let time = 0; time < 3; time++) {
        assert.deepEqual(await attend(ring, engine), first);
        const sum = new Float32Array(1 << 18).fill(1 + ring.rank);
        await ring.allReduce(sum);
        assert.ok(sum.every((value) => value === 6));
      }
      assert.deepEqual(Object.values(first), copies);
      assert.ok(Buffer.alloc(1 << 20, 'word').equals(word));
    });
  });

  it('gives the same bits however late each rank is', async () => {
    const engine = new TensorBlockAttention(32);
    const late = (random: () => number): BlockAttention => {
      const some = () => new Promise((resolve) => setTimeout(resolve, 12 * random()));
      return {
        forward: (...call) => some().then(() => engine.forward(...call)),
        backward: (...call) => engine.backward(...call).then(() => some().then(() => undefined)),
      };
    };
    const undisturbed = await onLocalRing(4, (ring) => attend(ring, engine));
    for (const seed of [1, 2]) {
      const disturbed = await onLocalRing(4, (ring) => attend(ring, late(randomOf('late', seed, ring.rank))));
      assert.deepEqual(disturbed, undisturbed);
    }
  });

  it('computes nothing for a block out of the window, and passes it on all the same', async () => {
    const engine = new TensorBlockAttention(32);
    const asked: string[] = [];
    const noting = (rank: number): BlockAttention => ({
      forward: (...call) => {
        asked.push(`${rank} sees ${call[2].positions[0]! / 24}`);
        return engine.forward(...call);
      },
      backward: (...call) => engine.backward(...call),
    });
    const windowed = await onLocalRing(4, async (ring) => {
      await attend(ring, noting(ring.rank), 10);
      return ring.timing().bytesSent;
    });
    assert.deepEqual(asked.toSorted(), ['0 sees 0', '1 sees 0', '1 sees 1', '2 sees 1', '2 sees 2', '3 sees 2', '3 sees 3']); // prettier-ignore
    const whole = await onLocalRing(4, async (ring) => {
      await attend(ring, engine, TOKENS);
      return ring.timing().bytesSent;
    });
    assert.deepEqual(windowed, whole);
  });

  it('fails on every rank, and leaves nothing behind, when an engine fails on one', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const good = new TensorBlockAttention(32);
    const failing: BlockAttention = {
      forward: (...call) => good.forward(...call),
      backward: () => Promise.reject(new Error('no more')),
    };
    const outcomes = await onLocalRing(3, (ring) =>
      attend(ring, ring.rank === 1 ? failing : good).catch((error: Error) => {
        ring.destroy();
        return error.message;
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    assert.equal(outcomes[1], 'no more');
    for (const rank of [0, 2]) assert.match(String(outcomes[rank]), /^The ring broke at rank/);
    assert.deepEqual(unhandled, []);
  });
});
