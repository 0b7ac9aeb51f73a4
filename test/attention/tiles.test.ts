import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { coverage, maskOf, sees, tilesOf, type Sight } from '../../src/attention/tiles.ts';
import { dealPositions, PADDING } from '../../src/sequences/ring-layout.ts';

const deals = fc
  .record({
    length: fc.integer({ min: 1, max: 700 }),
    worldSize: fc.integer({ min: 1, max: 4 }),
    layout: fc.constantFrom('contiguous' as const, 'zigzag' as const, 'striped' as const),
    maxTile: fc.integer({ min: 1, max: 200 }),
    causal: fc.boolean(),
    window: fc.option(fc.integer({ min: 1, max: 800 }), { nil: undefined }),
  })
  .map(({ causal, window, ...all }) => ({
    ...all,
    sight: { causal, ...(window === undefined ? {} : { window }) },
    deal: dealPositions(all.length, all.worldSize, all.layout),
  }));

/** The rule as `BlockAttention` states it. */
const counts = (query: number, key: number, { causal, window }: Sight) =>
  query >= 0 &&
  key >= 0 &&
  (!causal || key <= query) &&
  (window === undefined || (query - key < window && (causal || key - query < window)));

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
      fc.property(deals, ({ deal, maxTile, sight }) => {
        const [queries, keys] = [deal.positions[0]!, deal.positions.at(-1)!];
        for (const query of tilesOf(queries, maxTile).slice(0, 8)) {
          for (const key of tilesOf(keys, maxTile).slice(0, 8)) {
            let seen = 0;
            for (const q of queries.subarray(query.from, query.to)) {
              for (const k of keys.subarray(key.from, key.to)) if (counts(q, k, sight)) seen++;
            }
            const all = (query.to - query.from) * (key.to - key.from);
            const said = coverage(query, key, sight);
            if (said === 'none') assert.equal(seen, 0);
            if (said === 'all') assert.equal(seen, all);
            // Between two stretches without gaps nothing is left to the mask that it could be spared.
            const whole = [query, key].every(
              ({ from, to, lowest, highest }) => highest - lowest === to - from - 1,
            );
            if (whole && seen === 0) assert.equal(said, 'none');
            if (whole && seen === all) assert.equal(said, 'all');
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('of a block that nothing of another sees are not looked at', () => {
    fc.assert(
      fc.property(deals, ({ deal, sight }) => {
        const [queries, keys] = [deal.positions[0]!, deal.positions.at(-1)!];
        const any = queries.some((q) => keys.some((k) => counts(q, k, sight)));
        if (!sees(queries, keys, sight)) assert.equal(any, false);
      }),
      { numRuns: 60 },
    );
    const { positions } = dealPositions(1000, 4, 'contiguous');
    const causal = { causal: true };
    const pairs = (sight: Sight) =>
      positions.map((queries) => positions.map((keys) => (sees(queries, keys, sight) ? 1 : 0)).join(''));
    assert.deepEqual(pairs(causal), ['1000', '1100', '1110', '1111']);
    assert.deepEqual(pairs({ causal: true, window: 2 }), ['1000', '1100', '0110', '0011']);
    assert.deepEqual(pairs({ causal: true, window: 1 }), ['1000', '0100', '0010', '0001']);
    assert.deepEqual(pairs({ causal: false, window: 252 }), ['1110', '1111', '1111', '0111']);
  });

  it('under zigzag break between the two chunks of a rank', () => {
    const { positions } = dealPositions(2184, 2, 'zigzag');
    const bounds = tilesOf(positions[0]!, 1024).map(({ lowest, highest }) => [lowest, highest]);
    assert.deepEqual(bounds, [[0, 545], [1638, 2183]]); // prettier-ignore
  });

  it('mask what comes later, what is out of the window, and padding on either side', () => {
    fc.assert(
      fc.property(deals, ({ deal, sight }) => {
        const [queries, keys] = [deal.positions[0]!.subarray(0, 40), deal.positions.at(-1)!.subarray(0, 50)];
        const [mask, transposed] = [maskOf(queries, keys, sight, false), maskOf(queries, keys, sight, true)];
        queries.forEach((query, i) =>
          keys.forEach((key, j) => {
            assert.equal(mask[i * keys.length + j] === 0, counts(query, key, sight));
            assert.equal(transposed[j * queries.length + i], mask[i * keys.length + j]);
          }),
        );
      }),
      { numRuns: 40 },
    );
    const [queries, keys] = [Int32Array.of(0, 1, 2, PADDING), Int32Array.of(0, 1, 2, PADDING)];
    const seen = [...maskOf(queries, keys, { causal: true, window: 2 }, false)].map((m) => (m === 0 ? 1 : 0));
    assert.deepEqual(seen, [1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
  });
});
