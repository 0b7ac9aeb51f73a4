import assert from 'node:assert/strict';
import { issuesOf, type IssueTable } from '../../src/day-ahead/issue-table.ts';
import { BadInputError } from '../../src/errors.ts';
import { applyChanges, parseChange, spellChange } from '../../src/explain/column-changes.ts';
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
