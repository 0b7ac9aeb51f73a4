import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { coverage, maskOf, tilesOf } from '../../src/ring/tiles.ts';
import { dealPositions, PADDING } from '../../src/sequences/ring-layout.ts';

const deals = fc
  .record({
    length: fc.integer({ min: 1, max: 700 }),
    worldSize: fc.integer({ min: 1, max: 4 }),
    layout: fc.constantFrom('contiguous' as const, 'zigzag' as const),
    maxTile: fc.integer({ min: 1, max: 200 }),
    causal: fc.boolean(),
  })
  .map((all) => ({ ...all, deal: dealPositions(all.length, all.worldSize, all.layout) }));

describe('tiles', () => {
  it('cover every row once, in order, none larger than asked', () => {
    fc.assert(
      fc.property(deals, ({ deal, maxTile }) => {
        for (const positions of deal.positions) {
          const tiles = tilesOf(positions, maxTile);
          assert.deepEqual(
            tiles.map(({ from }) => from),
            [0, ...tiles.slice(0, -1).map(({ to }) => to)],
          );
          assert.equal(tiles.at(-1)!.to, positions.length);
          assert.ok(tiles.every(({ from, to }) => to > from && to - from <= maxTile));
        }
      }),
    );
  });

  it('are left out, masked or taken whole exactly as their positions ask', () => {
    fc.assert(
      fc.property(deals, ({ deal, maxTile, causal }) => {
        const [queries, keys] = [deal.positions[0]!, deal.positions.at(-1)!];
        for (const query of tilesOf(queries, maxTile).slice(0, 8)) {
          for (const key of tilesOf(keys, maxTile).slice(0, 8)) {
            let seen = 0;
            for (const q of queries.subarray(query.from, query.to)) {
              for (const k of keys.subarray(key.from, key.to)) {
                if (q !== PADDING && k !== PADDING && (!causal || k <= q)) seen++;
              }
            }
            const all = (query.to - query.from) * (key.to - key.from);
            const said = coverage(query, key, causal);
            assert.equal(said === 'none', seen === 0);
            if (said === 'all') assert.equal(seen, all);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('under zigzag break between the two chunks of a rank', () => {
    const { positions } = dealPositions(2184, 2, 'zigzag');
    const bounds = tilesOf(positions[0]!, 1024).map(({ lowest, highest }) => [lowest, highest]);
    assert.deepEqual(bounds, [[0, 545], [1638, 2183]]); // prettier-ignore
  });

  it('mask what comes later, and padding on either side', () => {
    const [queries, keys] = [Int32Array.of(0, 1, PADDING), Int32Array.of(0, 1, 2, PADDING)];
    const seen = (transposed: boolean) =>
      [...maskOf(queries, keys, true, transposed)].map((m) => (m === 0 ? 1 : 0));
    assert.deepEqual(seen(false), [1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual(seen(true), [1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  });
});
