import assert from 'node:assert/strict';
import { messageOf } from '../../src/errors.ts';
import { clean, csvOf, waves } from './files.ts';

const HOUR = 3600;

/** Lines as a clock on a wall in Chicago stamps them, with its offset from UTC or without. */
function stamped(from: string, rows: number, { zoned = false, minutes = 60 } = {}): string[] {
  const clock = new Intl.DateTimeFormat('sv-SE', {
    timeZone: 'America/Chicago',
    ...({ dateStyle: 'short', timeStyle: 'medium' } as const),
  });
  const first = Date.parse(`${from}Z`) / 1000;
  return Array.from({ length: rows }, (_, row) => {
    const moment = first + row * minutes * 60;
    const shown = clock.format(new Date(moment * 1000));
    const offset = (Date.parse(`${shown.replace(' ', 'T')}Z`) / 1000 - moment) / HOUR;
    return `${shown}${zoned ? `-0${-offset}:00` : ''},${waves(row)}`;
  });
}

const refusal = (lines: readonly string[]): string => {
  try {
    clean(csvOf(lines));
  } catch (error) {
    return messageOf(error);
  }
  return assert.fail('it was taken');
};

describe('a CSV file over a change of the clocks', () => {
  it('is whole, and nothing repaired, where its times name their offset', () => {
    for (const from of ['2018-03-10T00:00', '2018-11-03T00:00']) {
      const { rows, step, repairs } = clean(csvOf(stamped(from, 96, { zoned: true })));
      assert.deepEqual([rows, step, repairs], [96, HOUR, []]);
    }
  });

  it('has the hour that summer time skips interpolated and said, where its times name no zone', () => {
    const lines = stamped('2018-03-10T00:00', 96);
    assert.ok(!lines.some((line) => line.startsWith('2018-03-11 02')), 'no clock showed it');
    const { rows, targets, repairs } = clean(csvOf(lines));
    assert.equal(rows, 97);
    assert.deepEqual(repairs, [
      'times name no zone: taken as UTC',
      'load: 1 missing values in 1 gaps interpolated',
    ]);
    const load = targets.get('load')!;
    const skipped = lines.findIndex((line) => line.startsWith('2018-03-11 03'));
    assert.ok(Math.abs(load[skipped]! - (load[skipped - 1]! + load[skipped + 1]!) / 2) < 1e-9);
  });

  it('is refused, and why is said, where that hour is too many rows to interpolate', () => {
    assert.match(
      refusal(stamped('2018-03-11T00:00', 300, { minutes: 5 })),
      /no value for 12 rows .* 2018-03-11T02:00:00Z to 2018-03-11T02:55:00Z; .* Where it is the hour that summer time skips, write the times in UTC\.$/,
    );
    const gap = stamped('2018-06-01T00:00', 300, { minutes: 5, zoned: true });
    assert.doesNotMatch(refusal([...gap.slice(0, 50), ...gap.slice(62)]), /summer time/);
  });

  it('is refused by both rows where its times name no zone and an hour comes twice', () => {
    assert.match(
      refusal(stamped('2018-11-03T00:00', 96)),
      /^Rows 32 and 33 are both of 2018-11-04T01:00:00Z and say different things\. .* Where it is the hour in which summer time ends, write the times in UTC\.$/,
    );
  });

  it('has the 29th of February in leap years, and is refused with it in others', () => {
    const days = ['2016-02-27', '2016-02-28', '2016-02-29', '2016-03-01'].map((day, row) => `${day},${row}`);
    assert.deepEqual([clean(csvOf(days)).rows, clean(csvOf(days)).repairs.length], [4, 1]);
    const other = days.map((line) => line.replace('2016', '2017'));
    assert.match(refusal(other), /^Row 4: "2017-02-29" in column time is not a time\./);
  });
});
