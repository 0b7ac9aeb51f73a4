import assert from 'node:assert/strict';
import { setImmediate as settled } from 'node:timers/promises';
import { PADDING } from '../../src/sequences/ring-layout.ts';
import { Prefetch } from '../../src/training/prefetch.ts';
import { SequencesDataset } from '../../src/training/sequences-dataset.ts';
import { smallHome } from './small-home.ts';

/** Loads that end when the test says so. */
class Loads {
  readonly begun: number[] = [];
  readonly reused: (string | undefined)[] = [];
  readonly ends = new Map<number, PromiseWithResolvers<string>>();
  nowMs = 0;
  readonly source = new Prefetch<string>(
    (index, into) => {
      this.begun.push(index);
      this.reused.push(into);
      const end = Promise.withResolvers<string>();
      this.ends.set(index, end);
      return end.promise;
    },
    () => this.nowMs,
  );

  end(index: number): void {
    this.ends.get(index)!.resolve(`thing ${index}`);
  }
}

describe('the prefetch of batches', () => {
  it('loads the next one while one is in use, and no more than that', async () => {
    const loads = new Loads();
    const first = loads.source.take(4);
    assert.deepEqual(loads.begun, [4]);
    loads.end(4);
    assert.equal(await first, 'thing 4');
    assert.deepEqual(loads.begun, [4, 5]);
    loads.end(5);
    await settled();
    assert.deepEqual(loads.begun, [4, 5]);
    assert.equal(await loads.source.take(5), 'thing 5');
    assert.deepEqual(loads.begun, [4, 5, 6]);
  });

  it('loads into what was used before, never into what is in use', async () => {
    const loads = new Loads();
    for (const index of [0, 1, 2]) {
      const taken = loads.source.take(index);
      loads.end(index);
      await taken;
    }
    assert.deepEqual(loads.reused, [undefined, undefined, 'thing 0', 'thing 1']);
  });

  it('counts only the time in which somebody waited', async () => {
    const loads = new Loads();
    const first = loads.source.take(0);
    loads.nowMs = 2000;
    loads.end(0);
    await first;
    assert.equal(loads.source.waitSeconds, 2);
    // Used for a minute, in which the next one comes; it is not waited for.
    loads.end(1);
    loads.nowMs += 60_000;
    await loads.source.take(1);
    const third = loads.source.take(2);
    loads.nowMs += 500;
    loads.end(2);
    await third;
    assert.equal(loads.source.waitSeconds, 2.5);
  });

  it('throws a failed load where that one is asked for, and tries again when it is asked for again', async () => {
    const loads = new Loads();
    const first = loads.source.take(0);
    loads.end(0);
    await first;
    loads.ends.get(1)!.reject(new Error('no such row'));
    await settled();
    await assert.rejects(loads.source.take(1), /no such row/);
    const again = loads.source.take(1);
    loads.end(1);
    assert.equal(await again, 'thing 1');
  });

  it('drops what was loaded ahead when another is asked for', async () => {
    const loads = new Loads();
    const first = loads.source.take(0);
    loads.end(0);
    await first;
    const other = loads.source.take(7);
    loads.end(1);
    await settled();
    loads.end(7);
    assert.equal(await other, 'thing 7');
    assert.deepEqual(loads.begun, [0, 1, 7, 8]);
  });

  it('has nothing left running when it is disposed of', async () => {
    const loads = new Loads();
    const first = loads.source.take(0);
    loads.end(0);
    await first;
    let disposed = false;
    const disposing = loads.source[Symbol.asyncDispose]().then(() => (disposed = true));
    await settled();
    assert.equal(disposed, false);
    loads.ends.get(1)!.reject(new Error('the file is closed'));
    await disposing;
  });
});

describe('a share of a sequence', () => {
  it('is the same whatever the order of its tokens, and whatever its arrays held before', async () => {
    const { home, sequences } = await smallHome();
    await using dataset = await SequencesDataset.open(home, sequences);
    const window = dataset.windows[1]!;
    const other = dataset.windows.at(-1)!;
    const channels = dataset.details.channels.length;
    const all = await dataset.share(
      window,
      Int32Array.from({ length: 90 }, (_, i) => i),
    );
    // Stripes, two chunks out of order, padding in between: each token has the row of its position.
    for (const positions of [[0, 3, 6, 9, 12], [80, 81, 82, PADDING, 3, 4, PADDING], [7, 5, 6], [89]]) {
      const dealt = Int32Array.from(positions);
      const used = await dataset.share(other, dealt);
      const share = await dataset.share(window, dealt, used);
      assert.equal(share.inputs, used.inputs);
      positions.forEach((position, token) => {
        const row = (from: Float32Array, at: number, columns: number) => [
          ...from.subarray(at * columns, (at + 1) * columns),
        ];
        const padding = position === PADDING;
        assert.deepEqual(
          row(share.inputs, token, channels),
          padding ? Array(channels).fill(0) : row(all.inputs, position, channels),
        );
        assert.deepEqual(
          row(share.targets, token, 30),
          padding ? Array(30).fill(Number.NaN) : row(all.targets, position, 30),
        );
      });
    }
  });
});
