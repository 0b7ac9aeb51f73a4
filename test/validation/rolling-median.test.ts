import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { centredMedians, trailingMedians } from '../../src/validation/index.ts';

function median(values: number[]): number {
  const sorted = values.filter((value) => value > 0 && Number.isFinite(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}

describe('rolling medians', () => {
  it('take the hours before, never the hour itself', () => {
    const medians = trailingMedians(Float64Array.of(1, 3, 5, 100), 2, 1);
    assert.deepEqual([...medians], [Number.NaN, 1, 2, 4, 52.5]);
  });

  it('centre the window on the hour, with one hour more before than after when it is even', () => {
    assert.deepEqual([...centredMedians(Float64Array.of(1, 3, 5, 100), 2, 1)], [1, 2, 4, 52.5]);
    assert.deepEqual(
      [...centredMedians(Float64Array.of(1, 3, 5, 100), 3, 3)],
      [Number.NaN, 3, 5, Number.NaN],
    );
  });

  it('leave out what cannot be a load, and say nothing when too little is left', () => {
    const medians = trailingMedians(Float64Array.of(0, -5, Number.NaN, 7, 9), 5, 2);
    assert.deepEqual([...medians], [Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 8]);
  });

  it('equal sorting each window, on any values', () => {
    const value = fc.oneof(fc.integer({ min: -3, max: 9 }), fc.constant(Number.NaN), fc.constant(Infinity));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), fc.integer({ min: 1, max: 12 }), (list, window) => {
        const values = Float64Array.from(list);
        const trailing = trailingMedians(values, window, 1);
        const centred = centredMedians(values, window, 1);
        const half = Math.floor(window / 2);
        for (let i = 0; i <= list.length; i++) {
          assert.equal(trailing[i], median(list.slice(Math.max(0, i - window), i)));
          if (i < list.length) {
            assert.equal(centred[i], median(list.slice(Math.max(0, i - half), i - half + window)));
          }
        }
      }),
    );
  });
});
