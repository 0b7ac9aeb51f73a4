import assert from 'node:assert/strict';
import fc from 'fast-check';
import { weightedQuantiles } from '../../src/forecasters/quantiles.ts';

describe('quantiles of weighted values', () => {
  it('are the first value with so much of the weight up to it', () => {
    // In order of size: −2 (weight 1), 0 (1), 3 (2), 9 (4).
    const [values, weights, order] = [
      [9, -2, 3, 0],
      [4, 1, 2, 1],
      [1, 3, 2, 0],
    ];
    const levels = [0.05, 0.125, 0.13, 0.25, 0.5, 0.51, 0.95, 1];
    assert.deepEqual([...weightedQuantiles(values, weights, order, levels)], [-2, -2, 0, 0, 3, 9, 9, 9]);
    assert.deepEqual([...weightedQuantiles(values, weights, [2], [0.1, 0.9])], [3, 3]);
    assert.deepEqual([...weightedQuantiles(values, weights, [], [0.1, 0.9])], [Number.NaN, Number.NaN]);
  });

  it('have at least their level of the weight up to them, and less below', () => {
    const pair = fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 1, max: 9 }));
    const property = fc.property(fc.array(pair, { minLength: 1, maxLength: 40 }), (pairs) => {
      const sorted = pairs.toSorted(([a], [b]) => a - b);
      const values = sorted.map(([value]) => value);
      const weights = sorted.map(([, weight]) => weight);
      const levels = [0.1, 0.5, 0.9];
      const found = weightedQuantiles(values, weights, [...values.keys()], levels);
      const total = weights.reduce((a, b) => a + b, 0);
      const weightOf = (these: (value: number) => boolean) =>
        sorted.reduce((sum, [value, weight]) => sum + (these(value) ? weight : 0), 0);
      levels.forEach((level, q) => {
        assert.ok(weightOf((value) => value <= found[q]!) >= level * total);
        assert.ok(weightOf((value) => value < found[q]!) < level * total);
      });
    });
    fc.assert(property, { numRuns: 100 });
  });
});
