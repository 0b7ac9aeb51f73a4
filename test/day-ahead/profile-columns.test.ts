import assert from 'node:assert/strict';
import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import { buildIssueTable } from '../../src/day-ahead/build.ts';
import { ERCO_CLOCK, FIRST, inventedRows } from './invented-rows.ts';

const HOURS = 1200;

describe('profiles of whole days', () => {
  const rows = inventedRows(HOURS);
  const table = buildIssueTable(rows, {
    ...ERCO_CLOCK,
    firstHour: FIRST,
    lastHour: FIRST + (HOURS - 1) * HOUR_SECONDS,
    operator: true,
  });
  const issue = 30;
  const rowOf = (time: number) => (time - FIRST) / HOUR_SECONDS;
  const begin = rowOf(table.validAt[issue * 24]!);
  const standing = rowOf(table.standingAt[issue]!);
  const ln = (mw: Float64Array, row: number) => Math.log(mw[row]!);
  const demand = (row: number) => ln(rows.demand, row);
  const said = (row: number) => ln(rows.forecast.values, row);
  const mean = (from: number, hours: number, value: (row: number) => number) =>
    Array.from({ length: hours }, (_, i) => value(from + i)).reduce((a, b) => a + b, 0) / hours;
  const level = mean(standing - 167, 168, demand);

  /** By name, hours of it, and what the record says of the i-th. */
  const EXPECTED: Record<string, [number, (i: number) => number]> = {
    morning: [9, (i) => demand(standing - 8 + i) - level],
    morning_7d_ago: [9, (i) => demand(standing - 176 + i) - level],
    day_2d_ago: [24, (i) => demand(begin - 48 + i) - level],
    day_7d_ago: [24, (i) => demand(begin - 168 + i) - level],
    operator_error_morning: [9, (i) => demand(standing - 8 + i) - said(standing - 8 + i)],
    operator_error_day_2d_ago: [24, (i) => demand(begin - 48 + i) - said(begin - 48 + i)],
    operator_day: [24, (i) => said(begin + i) - mean(begin, 24, said)],
    operator_day_change_1d: [24, (i) => said(begin + i) - said(begin - 24 + i)],
    operator_day_change_2d: [24, (i) => said(begin + i) - said(begin - 48 + i)],
    operator_day_to_known_morning: [9, (i) => demand(standing - 8 + i) - said(standing + 16 + i)],
  };

  it('are what the record says, hour by hour, the same for all hours of an issue', () => {
    const profiles = [...table.columns.keys()].filter((c) => table.columns[c]!.profile);
    assert.equal(
      profiles.length,
      Object.values(EXPECTED).reduce((sum, [hours]) => sum + hours, 0),
    );
    for (const [name, [hours, value]] of Object.entries(EXPECTED)) {
      for (let i = 0; i < hours; i++) {
        const full = `${name}_${String(i).padStart(2, '0')}`;
        const column = profiles.find((c) => table.columns[c]!.name === full);
        assert.ok(column !== undefined, full);
        for (const hour of [0, 23]) {
          const found = table.features[(issue * 24 + hour) * table.columns.length + column]!;
          assert.ok(Math.abs(found - value(i)) < 1e-6, `${full}: ${found} is not ${value(i)}`);
        }
      }
    }
  });
});
