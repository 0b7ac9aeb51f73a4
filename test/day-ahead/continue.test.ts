import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import { buildIssueTable } from '../../src/day-ahead/build.ts';
import { continueIssueTable } from '../../src/day-ahead/continue.ts';
import type { ValidatedRows } from '../../src/features/validated-rows.ts';
import { ERCO_CLOCK, FIRST, inventedRows } from './invented-rows.ts';

const HOURS = 1100;
const DAY = 24;
const options = (fromDay: number, days: number) => ({
  ...ERCO_CLOCK,
  // 1 January begins at 06 UTC in Texas, where its first hour ends an hour later.
  firstHour: FIRST + (7 + DAY * fromDay) * HOUR_SECONDS,
  lastHour: FIRST + (6 + DAY * (fromDay + days)) * HOUR_SECONDS,
  operator: true,
});
const begun = () => {
  const [rows, asked] = [inventedRows(HOURS), options(20, 20)];
  return { rows, options: asked, table: buildIssueTable(rows, asked) };
};

/** Of what a record is made of: each with a change that a revision could make to it. */
const CHANGES: Record<string, (rows: ValidatedRows, row: number) => void> = {
  demand: ({ demand }, row) => void (demand[row]! *= 1.01),
  'demand that went missing': ({ demand }, row) => void (demand[row] = Number.NaN),
  'demand as settled': ({ demandFinal }, row) => void (demandFinal[row]! *= 0.99),
  'the operator’s forecast': ({ forecast }, row) => void (forecast.values[row]! *= 1.02),
  'when that was known': ({ forecast }, row) => void (forecast.availableAt[row]! += 90 * HOUR_SECONDS),
};

describe('an issue table that goes on from the one before', () => {
  it('is the whole table made anew, whatever was revised', () => {
    const change = fc.tuple(fc.constantFrom(...Object.keys(CHANGES)), fc.integer({ min: 0, max: HOURS - 1 }));
    const before = begun();
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 2 }),
        fc.integer({ min: 15, max: 42 }),
        fc.integer({ min: 1, max: 25 }),
        (changes, from, days) => {
          const rows = inventedRows(HOURS);
          for (const [what, row] of changes) CHANGES[what]!(rows, row);
          const asked = options(from, days);
          assert.deepEqual(continueIssueTable(before, rows, asked).table, buildIssueTable(rows, asked));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes an issue over until an hour is revised that it may have seen, the hour after its day the last', () => {
    const before = begun();
    // What would show if it were taken over.
    before.table.base.fill(1);
    const taken = (rows: ValidatedRows, changed = {}) =>
      continueIssueTable(before, rows, { ...options(21, 20), ...changed }).table.base.filter((mw) => mw === 1)
        .length / DAY;
    assert.equal(taken(inventedRows(HOURS)), 19);
    const lastOfDay25 = 6 + DAY * 26;
    for (const [name, change] of Object.entries(CHANGES)) {
      const rows = inventedRows(HOURS);
      change(rows, lastOfDay25 + 2);
      assert.equal(taken(rows), 5, name);
      change(rows, lastOfDay25 + 1);
      assert.equal(taken(rows), 4, name);
    }
    assert.equal(taken({ ...inventedRows(HOURS), first: FIRST - HOUR_SECONDS }), 0);
    assert.equal(taken({ ...inventedRows(HOURS), region: 'TEX' }), 0);
    assert.equal(taken(inventedRows(HOURS), { contextHours: 168 }), 0);
    assert.equal(taken(inventedRows(HOURS), { weather: 'none' }), 0);
  });
});
