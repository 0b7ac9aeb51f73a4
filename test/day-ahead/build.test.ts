import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HOUR_SECONDS, toHourStamp } from '../../src/contracts/time.ts';
import { buildIssueTable, issueColumns } from '../../src/day-ahead/build.ts';
import { issueTableFrom, issueTensors } from '../../src/day-ahead/codec.ts';
import { issuesOf, type IssueTable } from '../../src/day-ahead/issue-table.ts';
import type { ValidatedRows } from '../../src/features/validated-rows.ts';
import type { WeatherRuns } from '../../src/features/weather.ts';
import { ERCO_CLOCK, FIRST, inventedRows } from './invented-rows.ts';

const HOURS = 1500;
const LAST = FIRST + (HOURS - 1) * HOUR_SECONDS;

const build = (rows: ValidatedRows, options: object = {}) =>
  buildIssueTable(rows, { ...ERCO_CLOCK, firstHour: FIRST, lastHour: LAST, operator: true, ...options });

/** One run a day at 00Z, the temperature of lead l being the run's day and l hundredths. */
function weather(days: number): WeatherRuns {
  const runs = Float64Array.from({ length: days }, (_, day) => FIRST + day * 86_400);
  const values = Array.from(runs, (_run, day) =>
    Float64Array.from({ length: 97 }, (_, lead) => 273.15 + day + lead / 100),
  );
  return { region: 'ERCO', quantities: new Map([['temperature_k', { runs, values }]]) };
}

const column = (table: IssueTable, name: string, cell: number) => {
  const at = table.columns.findIndex((each) => each.name === name);
  assert.ok(at >= 0, name);
  return table.features[cell * table.columns.length + at]!;
};

describe('the issue table', () => {
  it('has one issue a local standard day, at ten of the day before, for its 24 hours', () => {
    const table = build(inventedRows(HOURS));
    assert.equal(toHourStamp(table.issuedAt[0]!), '2017-12-31T16');
    assert.equal(toHourStamp(table.standingAt[0]!), '2017-12-31T15');
    assert.equal(toHourStamp(table.validAt[0]!), '2018-01-01T07');
    assert.equal(toHourStamp(table.validAt[23]!), '2018-01-02T06');
    assert.equal(table.issuedAt.length, 62);
    assert.equal(table.validAt.length, 62 * 24);
    assert.ok(table.validAt.at(-1)! <= LAST);
  });

  it('says of the target hour what the record says, in log-ratios to the base', () => {
    const rows = inventedRows(HOURS);
    const table = build(rows);
    const cell = 40 * 24 + 11;
    const row = (table.validAt[cell]! - FIRST) / HOUR_SECONDS;
    const base = rows.forecast.values[row]!;
    assert.equal(table.base[cell], Math.exp(Math.log(base)));
    assert.equal(table.actual[cell], rows.demandFinal[row]);
    const close = (name: string, expected: number) =>
      assert.ok(Math.abs(column(table, name, cell) - expected) < 1e-6, name);
    close('lag_7d', Math.log(rows.demand[row - 168]! / base));
    // Hour 12 of the day: 24 h before it is later than the issue's newest known hour.
    close('latest_known', Math.log(rows.demand[row - 48]! / base));
    close('operator_error_2d', Math.log(rows.demand[row - 48]! / rows.forecast.values[row - 48]!));
    close('operator_to_base', 0);
    close('hour', 12);
    close('hour_on_the_wall', 11);
    close('weekday', 5);
    close('holiday', 0);
  });

  it('starts from a level of its own where the operator is no input, or said nothing', () => {
    const rows = inventedRows(HOURS);
    const cell = 30 * 24;
    const standing = (build(rows).standingAt[30]! - FIRST) / HOUR_SECONDS;
    const week = rows.demand.slice(standing - 167, standing + 1).map(Math.log);
    const level = Math.exp(week.reduce((sum, value) => sum + value, 0) / 168);
    const alone = build(rows, { operator: false });
    assert.ok(Math.abs(alone.base[cell]! / level - 1) < 1e-9);
    assert.ok(!alone.columns.some(({ group }) => group === 'operator'));
    rows.forecast.values[(alone.validAt[cell]! - FIRST) / HOUR_SECONDS] = Number.NaN;
    const without = build(rows);
    assert.ok(without.base[cell]! > 0);
    assert.ok(Number.isNaN(column(without, 'operator_to_base', cell)));
  });

  it('takes an operator forecast for known only once it was out', () => {
    const rows = inventedRows(HOURS);
    rows.forecast.availableAt.fill(LAST + 1);
    const table = build(rows);
    const cell = 40 * 24;
    assert.ok(Number.isNaN(column(table, 'operator_to_base', cell)));
    assert.ok(table.operator[cell]! > 0, 'it is still scored');
  });

  it('takes the newest weather run that was out six hours before the issue', () => {
    const table = build(inventedRows(HOURS), { weather: weather(80) });
    // Issued at 16Z of day 9, for day 10 from 07Z on: run of day 9, leads 31 to 54.
    const cell = 10 * 24;
    assert.equal(toHourStamp(table.validAt[cell]!), '2018-01-11T07');
    assert.ok(Math.abs(column(table, 'temperature_c', cell) - 9.31) < 1e-4);
    // A day before the first target hour, 07Z of day 9, the same run had said lead 7.
    assert.ok(Math.abs(column(table, 'temperature_change_1d', cell) - 0.24) < 1e-4);
    // Two days before it, the run of day 8.
    assert.ok(Math.abs(column(table, 'temperature_change_2d', cell) - 1.24) < 1e-4);
    assert.deepEqual(
      build(inventedRows(HOURS), { weather: 'none' }).columns,
      issueColumns({ operator: true, weather: true }),
    );
  });

  it('is the same to the bit whatever comes after the issue', () => {
    const issue = 35;
    const before = issuesOf(build(inventedRows(HOURS), { weather: weather(80) }), { from: 0, to: issue + 1 });
    const moment = before.issuedAt[issue]!;
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.integer({ min: 1, max: 9 }),
        (factor, every) => {
          const rows = inventedRows(HOURS);
          const later = (validAt: number) => validAt + HOUR_SECONDS > moment;
          for (let row = 0; row < HOURS; row++) {
            const validAt = FIRST + row * HOUR_SECONDS;
            if (row % every === 0 && later(validAt)) rows.demand[row]! *= factor;
            if (rows.forecast.availableAt[row]! > moment) rows.forecast.values[row] = factor;
          }
          const runs = weather(80);
          for (const { runs: times, values } of runs.quantities.values()) {
            times.forEach((time, i) => {
              if (time + 6 * HOUR_SECONDS > moment) values[i]!.fill(factor);
            });
          }
          const after = issuesOf(build(rows, { weather: runs }), { from: 0, to: issue + 1 });
          assert.deepEqual(after.features, before.features);
          assert.deepEqual(after.base, before.base);
          for (const name of ['latestKnown', 'persistence48', 'persistence168'] as const) {
            assert.deepEqual(after[name], before[name]);
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  it('makes the row of the hours ahead from a record that ends at the issue', () => {
    const whole = build(inventedRows(HOURS));
    const issue = 50;
    const standing = (whole.standingAt[issue]! - FIRST) / HOUR_SECONDS;
    const rows = inventedRows(standing + 1 + 40);
    rows.demand.fill(Number.NaN, standing + 1);
    rows.demandFinal.fill(Number.NaN, standing + 1);
    const live = build(rows, {
      firstHour: whole.validAt[issue * 24],
      lastHour: whole.validAt[issue * 24 + 23],
    });
    const then = issuesOf(whole, { from: issue, to: issue + 1 });
    assert.deepEqual(live.features, then.features);
    assert.deepEqual(live.base, then.base);
    assert.ok(live.actual.every(Number.isNaN));
  });

  it('leaves columns without a value that look back further than the context', () => {
    const rows = inventedRows(HOURS);
    const cell = 40 * 24 + 3;
    const row = (build(rows).validAt[cell]! - FIRST) / HOUR_SECONDS;
    const week = build(rows, { contextHours: 168 });
    assert.ok(Number.isFinite(column(week, 'lag_7d', cell)));
    assert.ok(Number.isNaN(column(week, 'lag_14d', cell)));
    assert.ok(Number.isFinite(column(build(rows), 'lag_14d', cell)));
    // What it says of its reach is true: nothing before it is looked at.
    const standing = (week.standingAt[40]! - FIRST) / HOUR_SECONDS;
    assert.ok(row > standing);
    rows.demand.fill(Number.NaN, 0, standing - 167);
    const cut = build(rows, { contextHours: 168 });
    const there = (table: IssueTable) =>
      [...table.columns.keys()].filter((c) =>
        Number.isFinite(table.features[cell * table.columns.length + c]!),
      );
    assert.deepEqual(there(cut), there(week));
  });

  it('goes through tensors unchanged', async () => {
    const table = build(inventedRows(HOURS));
    const tensors = issueTensors(table);
    const { region, columns, horizon } = table;
    const back = await issueTableFrom(async (name) => tensors[name]!, { region, columns, horizon });
    assert.deepEqual(back, table);
    await assert.rejects(
      issueTableFrom(async (name) => tensors[name]!, { region, columns: columns.slice(1), horizon }),
      /The issue table of ERCO has .* values, not 62 issues of 24 hours by 314 columns/,
    );
  });
});
