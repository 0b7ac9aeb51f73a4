import assert from 'node:assert/strict';
import type { HourTable } from '../../src/backtest/hours.ts';
import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import { countWeeks } from '../../src/report/quality.ts';
import { chosenWeeks } from '../../src/report/weeks.ts';

/** Five local weeks of MISO from Monday 2018-01-01 00:00 standard time, whose errors are 5, 1, 4, 2 and 3 %. */
function fiveWeeks(): HourTable {
  const first = Date.UTC(2018, 0, 1, 6) / 1000;
  const hours = 5 * 168;
  const actual = new Float64Array(hours).fill(100);
  const errors = [5, 1, 4, 2, 3];
  const none = new Float64Array(hours);
  return {
    region: 'MISO',
    validAt: Float64Array.from({ length: hours }, (_, i) => first + i * HOUR_SECONDS),
    issuedAt: none,
    leadHours: new Int32Array(hours),
    localHour: new Int32Array(hours),
    actual,
    forecasts: {
      model: Float64Array.from(actual, (_, i) => 100 + errors[Math.floor(i / 168)]!),
      operator: none,
      latestKnown: none,
      latestKnownAtOnce: none,
      persistence48: none,
      persistence168: none,
    },
  };
}

describe('weeks to show', () => {
  it("are the model's median, best and worst, from Monday to Sunday in local standard time", () => {
    const weeks = chosenWeeks(fiveWeeks());
    assert.deepEqual(
      weeks.map(({ kind, from, to, mape }) => [kind, from, to, Math.round(mape)]),
      [
        ['typical', 672, 840, 3],
        ['best', 168, 336, 1],
        ['worst', 0, 168, 5],
      ],
    );
    assert.equal(new Date(weeks[1]!.monday * 1000).toISOString().slice(0, 10), '2018-01-08');
    assert.equal(new Date(weeks[1]!.sunday * 1000).toISOString().slice(0, 10), '2018-01-14');
  });

  it('leave out weeks that were hardly scored', () => {
    const table = fiveWeeks();
    const cut = (column: Float64Array) => column.slice(168 - 100);
    table.validAt = cut(table.validAt);
    table.actual = cut(table.actual);
    table.forecasts.model = cut(table.forecasts.model);
    const worst = chosenWeeks(table).find(({ kind }) => kind === 'worst');
    assert.equal(Math.round(worst!.mape), 4);
  });
});

describe('quality of the record', () => {
  it('is counted by the week in which an hour begins', () => {
    const newYear = Date.UTC(2018, 0, 1) / 1000;
    const validAt = Float64Array.from([0, 1, 2, 168, 169], (hour) => newYear + hour * HOUR_SECONDS);
    const counted = countWeeks({
      validAt,
      codes: Int32Array.of(0, 1, 0, 1, 2),
      labels: ['missing', 'ok', 'spike'],
    });
    assert.equal(counted.hours, 5);
    assert.equal(counted.rejected, 3);
    assert.deepEqual(counted.reasons, { missing: 2, spike: 1 });
    assert.deepEqual(
      counted.weeks.map(({ year, week, hours, rejected }) => [year, week, hours, rejected]),
      [
        [2017, 53, 1, 1],
        [2018, 1, 3, 1],
        [2018, 2, 1, 1],
      ],
    );
  });
});
