import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { fixedWindows, planWindows } from '../../src/backtest/windows.ts';

describe('windows put through the model', () => {
  it('read every issue once, after at least two thirds of a window of history', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 24, max: 500 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 5000 }), { maxLength: 80 }),
        (length, unsorted) => {
          const issues = unsorted.sort((a, b) => a - b);
          const windows = planWindows(issues, length, 5001);
          assert.deepEqual(
            windows.flatMap(({ read }) => read),
            issues,
          );
          for (const { from, to, read } of windows) {
            assert.ok(to - from <= length && to <= 5001);
            for (const row of read) {
              assert.ok(row >= from && row < to);
              assert.ok(from === 0 || row - from >= (2 * length) / 3 - 1e-9);
            }
          }
        },
      ),
    );
  });

  it('need about fifty windows for a year of five regions', () => {
    const issues = Array.from({ length: 365 }, (_, day) => 22_000 + 24 * day);
    assert.equal(planWindows(issues, 2184, 31_000).length, 12);
  });

  it('stand where they are for any rows asked for and any record, whole ones as long as another', () => {
    const HOUR = 3600;
    fc.assert(
      fc.property(
        fc.integer({ min: 24, max: 500 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 0, max: 900 }),
        (length, unsorted, begins) => {
          const issues = unsorted.sort((a, b) => a - b);
          const rows = issues.at(-1)! + 1;
          const windows = fixedWindows(issues, length, rows, begins * HOUR);
          assert.deepEqual(
            windows.flatMap(({ read }) => read),
            issues,
          );
          for (const { from, to, read, whole } of windows) {
            assert.ok(to - from <= length && to <= rows);
            assert.equal(whole && from > 0 ? to - from : length, length);
            for (const row of read) assert.ok(row < to && (from === 0 || row - from >= (2 * length) / 3 - 1));
          }
          // A longer record that begins 500 hours earlier, and one issue alone.
          const [last] = fixedWindows([issues[0]! + 500], length, rows + 5000, (begins - 500) * HOUR);
          const [first] = windows;
          assert.ok(last!.whole);
          if (first!.whole) assert.equal(last!.to - 500, first!.to);
          if (first!.from > 0) assert.equal(last!.from - 500, first!.from);
        },
      ),
    );
  });
});
