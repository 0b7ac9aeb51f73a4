import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RollingWindows } from '../../src/features/rolling.ts';

const STATISTICS = ['mean', 'std', 'min', 'max'] as const;

/** By the definitions, in two passes. */
function plainly(window: number[], statistic: (typeof STATISTICS)[number]): number {
  const mean = window.reduce((sum, value) => sum + value, 0) / window.length;
  switch (statistic) {
    case 'mean':
      return mean;
    case 'std':
      return Math.sqrt(window.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (window.length - 1));
    case 'min':
      return window.some(Number.isNaN) ? Number.NaN : Math.min(...window);
    case 'max':
      return window.some(Number.isNaN) ? Number.NaN : Math.max(...window);
  }
}

function rolled(
  values: ArrayLike<number>,
  statistic: (typeof STATISTICS)[number],
  hours: number,
): Float64Array {
  return new RollingWindows(Float64Array.from(values)).values(
    statistic,
    hours,
    new Float64Array(values.length),
  );
}

describe('rolling windows', () => {
  it('agree with the definitions for any windows in any order, nulls and all', () => {
    const value = fc.oneof(
      { weight: 20, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
      { weight: 1, arbitrary: fc.constant(Number.NaN) },
    );
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 60 }),
        fc.array(fc.integer({ min: 2, max: 70 }), { minLength: 1, maxLength: 5 }),
        (values, lengths) => {
          const windows = new RollingWindows(Float64Array.from(values));
          for (const hours of lengths) {
            for (const statistic of STATISTICS) {
              windows.values(statistic, hours, new Float64Array(values.length)).forEach((found, row) => {
                const window = values.slice(row - hours + 1, row + 1);
                const wanted = row < hours - 1 ? Number.NaN : plainly(window, statistic);
                const scale = Math.max(1, ...window.map(Math.abs).filter(Number.isFinite));
                assert.ok(
                  Number.isNaN(wanted) ? Number.isNaN(found) : Math.abs(found - wanted) <= 1e-9 * scale,
                  `${statistic} of ${hours} at ${row}: ${found}, not ${wanted}`,
                );
              });
            }
          }
        },
      ),
    );
  });

  it('say exactly 0 of the spread of a flat line, however high', () => {
    assert.deepEqual([...rolled(new Array(10).fill(71_234.56), 'std', 7)].slice(6), [0, 0, 0, 0]);
  });

  it('forget an absurd value as soon as it has left the window', () => {
    const values = Array.from({ length: 50 }, (_, i) => (i === 3 ? 1e18 : i % 5));
    const clean = values.map((value) => (value === 1e18 ? 0 : value));
    for (const statistic of STATISTICS) {
      assert.deepEqual(rolled(values, statistic, 12).slice(15), rolled(clean, statistic, 12).slice(15));
    }
  });

  it('are null where the series is shorter than they are', () => {
    assert.ok(rolled([1, 2, 3], 'mean', 720).every(Number.isNaN));
  });
});
