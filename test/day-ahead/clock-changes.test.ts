import assert from 'node:assert/strict';
import { HOUR_SECONDS, firstHourOf, lastHourOf, toHourStamp } from '../../src/contracts/time.ts';
import { buildIssueTable } from '../../src/day-ahead/build.ts';
import type { IssueTable } from '../../src/day-ahead/issue-table.ts';
import type { ValidatedRows } from '../../src/features/validated-rows.ts';
import { ERCO_CLOCK, FIRST, inventedRows } from './invented-rows.ts';

/** A leap year, with the hours before it that columns look back on. */
const START = Date.UTC(2015, 10, 1) / 1000;
const HOURS = (Date.UTC(2017, 0, 8) / 1000 - START) / HOUR_SECONDS;

function leapYear(): ValidatedRows {
  const rows = inventedRows(HOURS);
  const moved = ({ values, availableAt }: ValidatedRows['forecast']) => ({
    values,
    availableAt: availableAt.map((time) => time - FIRST + START),
  });
  return { ...rows, first: START, forecast: moved(rows.forecast) };
}

/** What a clock on the wall shows when the hour that ends at `validAt` begins; by the platform's own time zones. */
function wall(validAt: number) {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: ERCO_CLOCK.timeZone,
    hourCycle: 'h23',
    ...({ hour: 'numeric', weekday: 'short', timeZoneName: 'short' } as const),
  });
  const parts = format.formatToParts(new Date((validAt - HOUR_SECONDS) * 1000));
  const of = (type: string) => parts.find((part) => part.type === type)!.value;
  return {
    hour: Number(of('hour')),
    weekday: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(of('weekday')),
    summer: Number(of('timeZoneName') === 'CDT'),
  };
}

describe('the issue table on days that are unlike others', () => {
  const rows = leapYear();
  const around = (from: string, to = from): IssueTable =>
    buildIssueTable(rows, {
      ...ERCO_CLOCK,
      operator: true,
      firstHour: firstHourOf(from),
      lastHour: lastHourOf(to) + 6 * HOUR_SECONDS,
    });
  const reader = (table: IssueTable) => (name: string, cell: number) => {
    const at = table.columns.findIndex((column) => column.name === name);
    return table.features[cell * table.columns.length + at]!;
  };

  for (const [what, from, to, changes] of [
    ['summer time begins', '2016-03-12', '2016-03-14', 1],
    ['summer time ends', '2016-11-05', '2016-11-07', 1],
    ['a leap year has its day', '2016-02-28', '2016-03-01', 0],
    ['a leap year ends', '2016-12-30', '2017-01-01', 0],
  ] as const) {
    it(`has every hour once, as the clock on the wall shows it, when ${what}`, () => {
      const table = around(from, to);
      const column = reader(table);
      const hours = [...table.validAt];
      assert.equal(table.issuedAt.length, 3);
      assert.ok(hours.every((time, i) => time === hours[0]! + i * HOUR_SECONDS));
      let changed = 0;
      hours.forEach((validAt, cell) => {
        const { hour, weekday, summer } = wall(validAt);
        const seen = ['hour_on_the_wall', 'weekday', 'summer_time'].map((name) => column(name, cell));
        assert.deepEqual(seen, [hour, weekday, summer], toHourStamp(validAt));
        assert.equal(column('hour', cell), (cell % 24) + 1, 'the standard day has 24 hours');
        assert.equal(column('summer_time_began', cell), summer - wall(validAt - 168 * HOUR_SECONDS).summer);
        const lead = (validAt - table.issuedAt[Math.floor(cell / 24)]!) / HOUR_SECONDS;
        assert.equal(lead, 15 + (cell % 24));
        if (cell > 0 && summer !== wall(hours[cell - 1]!).summer) changed++;
      });
      assert.equal(changed, changes);
    });

    it(`and looks back by hours that passed when ${what}`, () => {
      const table = around(from, to);
      const column = reader(table);
      table.validAt.forEach((validAt, cell) => {
        const back = (lag: number) => rows.demand[(validAt - START) / HOUR_SECONDS - lag]!;
        assert.equal(table.persistence168[cell], back(168));
        const expected = Math.log(back(168) / table.base[cell]!);
        assert.ok(Math.abs(column('lag_7d', cell) - expected) < 1e-6, toHourStamp(validAt));
      });
    });
  }

  it('takes the leap day for an ordinary Monday, and the year as a circle that closes', () => {
    const leap = reader(around('2016-02-29'));
    assert.deepEqual([leap('is_mon', 0), leap('holiday', 0)], [1, 0]);
    const turn = around('2016-12-31', '2017-01-01');
    const column = reader(turn);
    const [last, first] = [23, 24].map((cell) =>
      ['year_sin_1', 'year_cos_1'].map((name) => column(name, cell)),
    );
    assert.ok(Math.hypot(last![0]! - first![0]!, last![1]! - first![1]!) < 0.03);
    assert.equal(column('holiday', 24), 1, 'New Year’s Day, a Sunday');
  });
});
