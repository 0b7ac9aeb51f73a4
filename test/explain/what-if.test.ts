import assert from 'node:assert/strict';
import { issuesOf, type IssueTable } from '../../src/day-ahead/issue-table.ts';
import { BadInputError } from '../../src/errors.ts';
import { applyChanges, parseChange, spellChange } from '../../src/explain/column-changes.ts';
import { exampleChange, peakIssue } from '../../src/explain/example.ts';
import { nearNames } from '../../src/explain/near-names.ts';
import { issueAt, oneForecast } from '../../src/explain/one-forecast.ts';
import type { FittedForecaster } from '../../src/forecasters/forecaster.ts';
import { firstHourOf, toHourStamp } from '../../src/contracts/time.ts';
import { issueTable } from '../backtest/rolling-home.ts';

const made = issueTable('PACW', firstHourOf('2018-01'), firstHourOf('2018-02'));
/** Hour, and a column that has no value in the last issue. */
const cells = made.base.length;
const table: IssueTable = {
  ...made,
  columns: [
    { name: 'hour', group: 'calendar' },
    { name: 'temperature_c', group: 'weather' },
  ],
  features: Float32Array.from({ length: 2 * cells }, (_, i) => {
    const cell = Math.floor(i / 2);
    return i % 2 === 0 ? made.features[cell]! : cell >= cells - 24 ? Number.NaN : 5 + (cell % 24);
  }),
};
const last = table.issuedAt.length - 1;
const seen = issuesOf(table, { from: 0, to: last });

/** Ten MW a degree above the base; 2 % around it. */
const warm: FittedForecaster = {
  name: 'warm',
  levels: [0.1, 0.5, 0.9],
  async predict({ base, features }) {
    return Float64Array.from(
      { length: base.length * 3 },
      (_, i) =>
        (base[Math.floor(i / 3)]! + 10 * features[Math.floor(i / 3) * 2 + 1]!) * [0.98, 1, 1.02][i % 3]!,
    );
  },
  save: () => new Uint8Array(),
};

describe('what-ifs', () => {
  it('are read as people write them, and written so again', () => {
    const cases: [string, string, number][] = [
      ['temperature_c=+3', 'add', 3],
      ['temperature_c=-3', 'add', -3],
      ['temperature_c==-3', 'set', -3],
      ['holiday=1', 'set', 1],
      ['wind_m_s=*1.5', 'multiply', 1.5],
      ['level_1d=+1e-2', 'add', 0.01],
    ];
    for (const [text, how, value] of cases) {
      const change = parseChange(text);
      assert.deepEqual([change.how, change.value], [how, value], text);
      assert.deepEqual(parseChange(spellChange(change)), change);
    }
    for (const text of ['holiday', '=1', 'holiday=', 'holiday=yes', 'holiday=+-1', 'holiday=*', 'x=1/2']) {
      assert.throws(() => parseChange(text), BadInputError, text);
    }
  });

  it('change one issue only, in their order, and say what was seen', () => {
    const changes = ['temperature_c=+3', 'temperature_c=*2'].map(parseChange);
    const changed = applyChanges(table, 3, changes, seen);
    for (let cell = 0; cell < cells; cell++) {
      const [before, after] = [table, changed.table].map(({ features }) => features[2 * cell + 1]!);
      if (Math.floor(cell / 24) === 3) assert.equal(after, (before! + 3) * 2);
      else assert.ok(Object.is(after, before));
    }
    assert.deepEqual(changed.changes[0]!.before, { least: 5, most: 28 });
    assert.deepEqual(changed.changes[1]!.after, { least: 16, most: 62 });
    assert.deepEqual(changed.changes[1]!.seen, { least: 5, most: 28 });
    assert.match(changed.warnings.join(), /becomes 16 to 62; training saw 5 to 28/);
    assert.deepEqual(applyChanges(table, 3, [parseChange('temperature_c=9')], seen).warnings, []);
  });

  it('let follow what is computed from a changed column, but for what is changed by hand', () => {
    const names = ['temperature_c', 'cooling_degrees', 'heating_degrees', 'temperature_day_c'];
    const columns = [...names, 'cooling_change_2d'].map((name) => ({ name, group: 'weather' as const }));
    // 13 °C at the first hour to 36 °C at the last; two days before it had 20 °C.
    const features = Float32Array.from({ length: cells * 5 }, (_, i) => {
      const celsius = 13 + (Math.floor(i / 5) % 24);
      const cooling = Math.max(0, celsius - 18);
      return [celsius, cooling, Math.max(0, 18 - celsius), 24.5, cooling - 2][i % 5]!;
    });
    const weather: IssueTable = { ...made, columns, features };
    const at = (changed: IssueTable, hour: number) => [
      ...changed.features.subarray((3 * 24 + hour) * 5, (3 * 24 + hour + 1) * 5),
    ];
    const warmer = applyChanges(weather, 3, [parseChange('temperature_c=+3')], weather);
    assert.deepEqual(at(warmer.table, 0), [16, 0, 2, 27.5, -2]);
    assert.deepEqual(at(warmer.table, 4), [20, 2, 0, 27.5, 0]);
    assert.deepEqual(at(warmer.table, 23), [39, 21, 0, 27.5, 19]);
    assert.deepEqual(warmer.changes[0]!.followed, [...names.slice(1), 'cooling_change_2d']);
    const byHand = ['temperature_c=+3', 'cooling_degrees=1'].map(parseChange);
    const both = applyChanges(weather, 3, byHand, weather);
    assert.deepEqual(at(both.table, 4), [20, 1, 0, 27.5, 0]);
    assert.deepEqual(both.changes[1]!.followed, []);
  });

  it('refuse a column that is not known, and name the nearest', () => {
    assert.throws(
      () => applyChanges(table, 3, [parseChange('temprature=+1')], seen),
      (error: BadInputError) =>
        /no column temprature/.test(error.message) && /temperature_c/.test(error.cure),
    );
    assert.deepEqual(nearNames('levl_1d', ['level_7d', 'holiday', 'level_1d'], 2), ['level_1d', 'level_7d']);
    assert.equal(nearNames('holiday_ago', ['hour', 'holiday', 'level_1d'], 1)[0], 'holiday');
  });

  it('refuse to shift what has no value, and set it all the same', () => {
    assert.throws(
      () => applyChanges(table, last, [parseChange('temperature_c=+1')], seen),
      (error: BadInputError) => /no value in this forecast/.test(error.message),
    );
    const { changes } = applyChanges(table, last, [parseChange('temperature_c=7')], seen);
    assert.deepEqual([changes[0]!.before.least, changes[0]!.after.least], [null, 7]);
  });

  it('give the forecast before and after, hour by hour', async () => {
    const told = await oneForecast(warm, table, 3, { whatIf: [parseChange('temperature_c=+3')], seen });
    assert.equal(told.issuedAt, toHourStamp(table.issuedAt[3]!));
    assert.equal(told.before.length, 24);
    told.before.forEach(({ hour, median, low, high }, h) => {
      assert.equal(hour, toHourStamp(table.validAt[3 * 24 + h]!));
      assert.ok(Math.abs(told.whatIf!.after[h]!.median! - median! - 30) < 1e-9);
      assert.ok(low! < median! && median! < high!);
    });
    assert.equal((await oneForecast(warm, table, 3, { whatIf: [], seen })).whatIf, undefined);
  });
});

describe('an example of a what-if', () => {
  it('is a warmer day where the weather is known, else a holiday, else none', () => {
    const spelt = (given: IssueTable, issue: number) => exampleChange(given, issue).map(spellChange);
    assert.deepEqual(spelt(table, 3), ['temperature_c=+3']);
    assert.deepEqual(spelt(table, last), []);
    const [hour, holiday] = ['hour', 'holiday'].map((name) => ({ name, group: 'calendar' as const }));
    const features = Float32Array.from({ length: 2 * cells }, (_, i) => Number(i >= 2 * 24 && i % 2 === 1));
    const festive: IssueTable = { ...table, columns: [hour!, holiday!], features };
    assert.deepEqual([spelt(festive, 0), spelt(festive, 1)], [['holiday=1'], ['holiday=0']]);
  });

  it('is of the day of the highest demand', () => {
    const actual = table.actual.map((mw, cell) => (cell === 5 * 24 + 7 ? 9999 : cell < 24 ? Number.NaN : mw));
    assert.equal(peakIssue({ ...table, actual }), 5);
  });
});

describe('the forecast of a moment', () => {
  it('is the last that was issued by then', () => {
    const stamp = (issue: number, hours = 0) => toHourStamp(table.issuedAt[issue]! + hours * 3600);
    assert.equal(issueAt(table, stamp(5)), 5);
    assert.equal(issueAt(table, stamp(5, 23)), 5);
    assert.equal(issueAt(table, stamp(5, 24)), 6);
    assert.equal(issueAt(table, undefined), last);
    for (const far of [stamp(0, -1), stamp(last, 24)]) {
      assert.throws(
        () => issueAt(table, far),
        (error: BadInputError) => error.message.includes(stamp(0)),
      );
    }
  });
});
