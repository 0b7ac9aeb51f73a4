import assert from 'node:assert/strict';
import { DAY_TYPES, localCalendar, SEASONS } from '../../src/features/calendar.ts';
import { dayNumber, holidaysOf } from '../../src/features/holidays.ts';
import { zoneOffsets } from '../../src/features/local-time.ts';

const seconds = (stamp: string) => Date.parse(`${stamp}:00:00Z`) / 1000;
const isoDay = (day: number) => new Date(day * 86_400_000).toISOString().slice(5, 10);

describe('the local calendar', () => {
  it('skips an hour when the clocks go forward and repeats one when they go back', () => {
    // Los Angeles: 2019-03-10 02:00 PST is 10:00 UTC, 2019-11-03 02:00 PDT is 09:00 UTC.
    const spring = localCalendar('America/Los_Angeles', seconds('2019-03-10T09'), 4);
    assert.deepEqual([...spring.hour], [0, 1, 3, 4]);
    const autumn = localCalendar('America/Los_Angeles', seconds('2019-11-03T08'), 5);
    assert.deepEqual([...autumn.hour], [0, 1, 1, 2, 3]);
  });

  it('gives the hour that ends at local midnight to the day it began in', () => {
    const { hour, day, day_of_month } = localCalendar('America/Chicago', seconds('2019-07-01T05'), 2);
    assert.deepEqual([...hour], [23, 0]);
    assert.deepEqual([...day_of_month], [30, 1]);
    assert.equal(day[1]! - day[0]!, 1);
  });

  for (const timeZone of ['America/Los_Angeles', 'America/Chicago', 'America/New_York', 'Asia/Kolkata']) {
    it(`agrees with the runtime's clock in ${timeZone}, every hour over every change of 2015 to 2030`, () => {
      const format = new Intl.DateTimeFormat('en-US', {
        timeZone,
        hourCycle: 'h23',
        hour: 'numeric',
        day: 'numeric',
      });
      const from = seconds('2015-01-01T00');
      const { starts } = zoneOffsets(timeZone, from, seconds('2031-01-01T00'));
      const changes = starts.slice(1);
      assert.equal(changes.length, timeZone === 'Asia/Kolkata' ? 0 : 32);
      for (const change of changes.length ? changes : [seconds('2020-02-29T00')]) {
        const first = Math.floor(change / 3600) * 3600 - 2 * 3600;
        const { hour, day_of_month } = localCalendar(timeZone, first, 6);
        hour.forEach((found, i) => {
          const parts = format.formatToParts((first + (i - 1) * 3600) * 1000);
          const part = (type: string) => Number(parts.find((each) => each.type === type)?.value);
          assert.deepEqual([found, day_of_month[i]], [part('hour'), part('day')]);
        });
      }
    });
  }

  it('knows seasons, types of day, peak hours, leap days', () => {
    const at = (stamp: string) => {
      const found = localCalendar('UTC', seconds(stamp), 1);
      return [
        SEASONS[found.season[0]!],
        DAY_TYPES[found.dayType[0]!],
        found.is_peak_hour[0],
        found.day_of_year[0],
      ];
    };
    assert.deepEqual(at('2020-12-31T08'), ['winter', 'workday', 1, 366]);
    assert.deepEqual(at('2019-03-01T06'), ['spring', 'workday', 0, 60]);
    assert.deepEqual(at('2019-08-31T12'), ['summer', 'saturday', 0, 243]);
    assert.deepEqual(at('2019-09-01T12'), ['autumn', 'sunday', 0, 244]);
    assert.deepEqual(at('2019-07-04T12'), ['summer', 'holiday', 0, 185]);
  });
});

describe('holidays', () => {
  it('fall where the law puts them', () => {
    assert.deepEqual([...holidaysOf(2018)].toSorted((a, b) => a - b).map(isoDay), [
      '01-01',
      '01-15',
      '02-19',
      '05-28',
      '07-04',
      '09-03',
      '10-08',
      '11-11',
      '11-12',
      '11-22',
      '11-23',
      '12-24',
      '12-25',
    ]);
  });

  it('are observed on the next weekday, into the year before where that is', () => {
    // 1 January 2022 was a Saturday, 19 June 2022 a Sunday.
    assert.ok(holidaysOf(2021).has(dayNumber(2021, 12, 31)));
    assert.ok(!holidaysOf(2022).has(dayNumber(2021, 12, 31)));
    assert.ok(holidaysOf(2022).has(dayNumber(2022, 6, 20)));
    assert.ok(!holidaysOf(2020).has(dayNumber(2020, 6, 19)), 'no law before 2021');
  });
});
