import assert from 'node:assert/strict';
import { RULES, type Rules, type ValidatedTable } from '../../src/validation/index.ts';
import { columnOf, endOf, hourly, judge, loads, type Cell } from './support.ts';

const WEEKS = 336;

/** A plain load of two weeks in which some hours have other values. */
function demandWith(changes: Record<number, number>, hours = WEEKS): Cell[] {
  return hourly('D', loads(hours)).map((cell) => ({ ...cell, value: changes[cell.hour] ?? cell.value }));
}
const verdict = (table: ValidatedTable, hour: number, column = 'demand_verdict') =>
  columnOf(table, column)[hour];

describe('rules', () => {
  it('find nothing in a plain load', () => {
    const table = judge(demandWith({}));
    assert.deepEqual(table.account.series.D, { ok: WEEKS });
    assert.deepEqual(table.account.final, { ok: WEEKS });
    assert.deepEqual(table.quarantine, []);
    assert.deepEqual(columnOf(table, 'demand_mw'), loads(WEEKS));
  });

  it('refuse negative and zero demand, with a reason in the quarantine', () => {
    const table = judge(demandWith({ 200: -90964, 210: 0 }));
    assert.equal(verdict(table, 200), 'negative');
    assert.equal(verdict(table, 210), 'zero');
    assert.equal(columnOf(table, 'demand_final_mw')[200], null);
    assert.equal(columnOf(table, 'demand_final_mw')[210], null);
    assert.equal(columnOf(table, 'demand_imputed')[200], true);
    assert.deepEqual(
      table.quarantine.map(({ validAt, series, value, verdict: why }) => [validAt, series, value, why]),
      [
        [endOf(200), 'D', -90964, 'negative'],
        [endOf(210), 'D', 0, 'zero'],
      ],
    );
    assert.match(table.quarantine[0]!.reason, /-90964 MW is below zero/);
  });

  it('refuse what lies outside 0.3 to 3 times the 30-day median, and nothing inside it for being there', () => {
    const flat = (value: number) => Array.from({ length: 200 }, (_unused, hour) => value + (hour % 2));
    const at = (value: number) => judge(hourly('D', [...flat(1000), value]));
    // 100 values of 1000 and 100 of 1001: the median is 1000.5, the band 300.15 to 3001.5.
    assert.equal(verdict(at(3001.6), 200), 'range');
    assert.equal(verdict(at(300.1), 200), 'range');
    assert.equal(verdict(at(3001.4), 200), 'spike');
    assert.equal(verdict(at(300.2), 200), 'spike');
    assert.match(at(3001.6).quarantine[0]!.reason, /0\.3 to 3 times 1000\.5 MW, the trailing/);
  });

  it('ask for a week of values before they trust a median', () => {
    const short = Array.from(
      { length: RULES.range.limits.minimumHours - 1 },
      (_unused, hour) => 100 + (hour % 2),
    );
    assert.notEqual(verdict(judge(hourly('D', [...short, 1000])), short.length), 'range');
    assert.equal(verdict(judge(hourly('D', [100, ...short, 1000])), short.length + 1), 'range');
  });

  it('look back only for features and both ways for scores', () => {
    // A step up to four times the level: strange when it comes, ordinary with hindsight.
    const low = Array.from({ length: 200 }, (_unused, hour) => 100 + (hour % 2));
    const high = Array.from({ length: 400 }, (_unused, hour) => 400 + (hour % 2));
    const table = judge(hourly('D', [...low, ...high]));
    assert.equal(verdict(table, 200), 'range');
    assert.equal(verdict(table, 205, 'demand_final_verdict'), 'ok');
    assert.equal(columnOf(table, 'demand_final_mw')[205], 401);
    assert.equal(verdict(table, 599), 'ok', 'the new level is learnt');
  });

  it('refuse the sixth equal value in a row for features and flag the whole run for scores', () => {
    const table = judge(demandWith({ 200: 1111, 201: 1111, 202: 1111, 203: 1111, 204: 1111, 205: 1111 }));
    assert.equal(verdict(table, 204), 'ok');
    assert.equal(verdict(table, 205), 'flat_line');
    for (let hour = 200; hour <= 205; hour++) {
      assert.equal(verdict(table, hour, 'demand_final_verdict'), 'flat_line');
      assert.equal(columnOf(table, 'demand_final_mw')[hour], 1111);
    }
    assert.equal(verdict(judge(demandWith({ 200: 1, 201: 1 })), 201, 'demand_final_verdict'), 'range');
  });

  it('refuse a spike for features and flag it for scores', () => {
    const table = judge(demandWith({ 200: 1900 }));
    assert.equal(verdict(table, 200), 'spike');
    assert.equal(verdict(table, 201), 'ok', 'the hour after it is compared with the hour before it');
    assert.equal(verdict(table, 200, 'demand_final_verdict'), 'spike');
    assert.equal(columnOf(table, 'demand_final_mw')[200], 1900);
  });

  it('believe a jump that last week made as well, at the same hour', () => {
    assert.equal(verdict(judge(demandWith({ 10: 1900, 178: 1900 })), 178), 'ok');
  });

  it('believe a new level after three hours', () => {
    const step = Object.fromEntries(Array.from({ length: 10 }, (_unused, i) => [200 + i, 2000 + i]));
    const verdicts = columnOf(judge(demandWith(step)), 'demand_verdict').slice(200, 205);
    assert.deepEqual(verdicts, ['spike', 'spike', 'spike', 'ok', 'ok']);
  });

  it('refuse both of two values that became known at the same moment', () => {
    const cells = [...demandWith({}), { series: 'D', hour: 200, value: 5 }];
    const table = judge(cells);
    assert.equal(verdict(table, 200), 'duplicate');
    assert.equal(columnOf(table, 'demand_final_mw')[200], null);
    assert.deepEqual(
      table.quarantine.map(({ value, verdict: why }) => [value, why]),
      [
        [5, 'duplicate'],
        [loads(WEEKS)[200]!, 'duplicate'],
      ],
    );
    assert.deepEqual(judge(cells.toReversed()).columns, table.columns);
  });

  it('take a row that says the same twice for one', () => {
    const cells = demandWith({});
    assert.deepEqual(judge([...cells, ...cells]).columns, judge(cells).columns);
  });

  it('name a missing hour, whether its row or its value is missing', () => {
    const table = judge(demandWith({ 201: Number.NaN }).filter(({ hour }) => hour !== 200));
    assert.equal(verdict(table, 200), 'missing');
    assert.equal(verdict(table, 201), 'missing');
    assert.equal(columnOf(table, 'demand_final_mw')[200], null);
    assert.deepEqual(table.quarantine, []);
  });

  it('put rows that fail the schema aside and say which and why', () => {
    const bad: (Cell & { why: RegExp })[] = [
      { series: 'XX', hour: 5, value: 1, why: /not a series/ },
      { series: 'D', hour: 5.5, value: 1, why: /whole hour/ },
      { series: 'D', hour: 6, value: Infinity, why: /finite/ },
      { series: 'D', hour: 7, value: 1, availableAt: Number.NaN, why: /became known/ },
      { series: 'NG', hour: 8, value: 1, availableAt: endOf(0), why: /before its hour/ },
      { series: 'D', hour: 1e6, value: 1, why: /outside the years/ },
    ];
    for (const { why, ...cell } of bad) {
      const table = judge([...demandWith({}), cell]);
      assert.equal(table.hours, WEEKS, `${why}`);
      assert.deepEqual(
        table.quarantine.map((row) => [row.series, row.verdict]),
        [[cell.series, 'schema']],
      );
      assert.match(table.quarantine[0]!.reason, why);
      assert.equal(table.account.malformedRows, 1);
    }
  });

  it('make a table of a region without any demand', () => {
    const table = judge(hourly('FUEL:WND', loads(30)));
    assert.deepEqual(table.account.series, { D: { missing: 30 }, 'FUEL:WND': { ok: 30 } });
    assert.ok(columnOf(table, 'demand_mw').every((value) => value === null));
    assert.equal(table.account.imputation.stillNull, 30);
    assert.deepEqual(columnOf(table, 'wind_mw'), loads(30));
  });

  it('leave forecasts of renewables in the grid, unjudged', () => {
    const table = judge([
      ...demandWith({}),
      { series: 'RF:SUN', hour: 500, value: 5, availableAt: endOf(480) },
    ]);
    assert.equal(table.hours, WEEKS);
    assert.deepEqual(table.quarantine, []);
    assert.deepEqual(Object.keys(table.account.series), ['D']);
  });

  it('flag demand out of balance, and refuse generation and interchange that cannot both be right', () => {
    const hours = 200;
    const supply = (changes: Record<number, number>) => [
      ...hourly('D', loads(hours)),
      ...hourly(
        'NG',
        loads(hours).map((value, hour) => value * (changes[hour] ?? 1)),
      ),
      ...hourly(
        'TI',
        Array.from({ length: hours }, () => 0),
      ),
    ];
    const table = judge(supply({ 100: 1.2, 150: 1.34, 151: 1.05 }));
    assert.equal(verdict(table, 100, 'demand_final_verdict'), 'energy_balance');
    assert.equal(verdict(table, 150, 'demand_final_verdict'), 'energy_balance');
    assert.equal(verdict(table, 151, 'demand_final_verdict'), 'ok');
    assert.notEqual(columnOf(table, 'demand_final_mw')[150], null);
    assert.notEqual(columnOf(table, 'generation_mw')[100], null);
    assert.equal(columnOf(table, 'generation_mw')[150], null);
    assert.equal(columnOf(table, 'interchange_mw')[150], null);
    assert.equal(columnOf(table, 'interchange_mw')[151], 0);
  });

  it('do not refuse generation for an imbalance that shows only later', () => {
    const hours = 200;
    const late = hourly(
      'TI',
      Array.from({ length: hours }, (_unused, hour) => (hour === 150 ? 900 : 0)),
    );
    const table = judge([
      ...hourly('D', loads(hours)),
      ...hourly('NG', loads(hours)),
      ...late.map((cell) => ({ ...cell, availableAt: endOf(cell.hour + 5) })),
    ]);
    assert.notEqual(columnOf(table, 'generation_mw')[150], null);
    assert.equal(columnOf(table, 'interchange_mw')[150], null);
  });

  it('measure fuels by demand: storage may be negative, a standing plant a little', () => {
    const hours = 200;
    const table = judge([
      ...hourly(
        'D',
        Array.from({ length: hours }, (_unused, hour) => 1000 + (hour % 2)),
      ),
      { series: 'FUEL:SUN', hour: 190, value: -19 },
      { series: 'FUEL:SUN', hour: 191, value: -21 },
      { series: 'FUEL:SUN', hour: 192, value: 3100 },
      { series: 'FUEL:SUN', hour: 193, value: 0 },
      { series: 'FUEL:BAT', hour: 191, value: -500 },
    ]);
    assert.deepEqual(columnOf(table, 'solar_mw').slice(190, 194), [-19, null, null, 0]);
    assert.equal(columnOf(table, 'fuel_bat_mw')[191], -500);
    assert.equal(columnOf(table, 'fuel_bat_available_at')[191], endOf(192));
  });

  it('follow their table: a limit or an effect that changes, changes verdicts', () => {
    const cells = demandWith({ 200: 1900 });
    const changed: Rules = {
      ...RULES,
      spike: { ...RULES.spike, limits: { ...RULES.spike.limits, change: 2 } },
    };
    assert.equal(verdict(judge(cells, changed), 200), 'ok');
    const strict: Rules = { ...RULES, spike: { ...RULES.spike, final: 'reject' } };
    assert.equal(columnOf(judge(cells, strict), 'demand_final_mw')[200], null);
    const off: Rules = { ...RULES, spike: { ...RULES.spike, causal: 'off' } };
    assert.equal(verdict(judge(cells, off), 200), 'ok');
  });
});
