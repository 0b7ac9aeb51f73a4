import assert from 'node:assert/strict';
import fc from 'fast-check';
import { calendarOf } from '../../schedules/server-form.ts';
import { changeLine } from '../../src/cli/verbs/schedules.ts';
import { clockChanges, nextTimes, parseCron, timesBetween } from '../../src/jobs/cron.ts';
import { temporal } from '../support/temporal.ts';

const TIMES_LISTED = 10;
const iso = (times: readonly Date[]) => times.map((time) => time.toISOString());

const number = (least: number, most: number) => fc.integer({ min: least, max: most });

/** A field as people write them: all, one, a range, a list, each n-th. */
const field = (least: number, most: number) =>
  fc.oneof(
    fc.constant('*'),
    number(least, most).map(String),
    fc.tuple(number(least, most), number(least, most)).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.array(number(least, most), { minLength: 1, maxLength: 3 }).map((values) => values.join(',')),
    number(1, 20).map((step) => `*/${step}`),
    fc.tuple(number(least, most), number(1, 20)).map(([from, step]) => `${from}/${step}`),
  );

const cronOf = (earliestHour: number) =>
  fc
    .tuple(field(0, 59), field(earliestHour, 23), field(1, 28), field(1, 12), field(0, 7), fc.boolean())
    .map(([minute, hour, day, month, weekday, byWeekday]) => {
      const hours = hour.startsWith('*') && earliestHour > 0 ? `${earliestHour}-23` : hour;
      return [minute, hours, byWeekday ? '*' : day, month, byWeekday ? weekday : '*'].join(' ');
    });

const near = (earliestHour: number, ...places: [zone: string, near: string][]) =>
  fc.tuple(cronOf(earliestHour), fc.constantFrom(...places));

/** Half a day before changes of the clock, and none. */
const CASES = fc.oneof(
  near(
    0,
    ['America/New_York', '2027-03-13T12:00:00Z'],
    ['America/New_York', '2027-11-06T12:00:00Z'],
    ['Europe/Berlin', '2027-03-27T12:00:00Z'],
    ['Asia/Kathmandu', '2027-05-01T12:00:00Z'],
    ['UTC', '2028-02-28T12:00:00Z'],
  ),
  // Of the repeated hour and the one before it the server has its own idea there; as of days whose clock changes at
  // midnight, and of what half a skipped hour (02:00 to 02:30) leaves out, which it has half an hour later.
  near(
    4,
    ['Europe/Berlin', '2027-10-30T12:00:00Z'],
    ['Europe/London', '2027-10-30T12:00:00Z'],
    ['Australia/Lord_Howe', '2027-10-02T12:00:00Z'],
  ),
);

describe('times of a cron expression', () => {
  it('are those that the Temporal server lists, across changes of the clock', async () => {
    const { client } = await temporal();
    let made = 0;
    const listed = async (cron: string, timezone: string, startAt: Date) => {
      const handle = await client.schedule.create({
        scheduleId: `cron-${made++}`,
        spec: { calendars: [calendarOf(cron)], timezone, startAt },
        action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none', workflowId: 'none' },
        state: { paused: true },
      });
      const { info } = await handle.describe();
      await handle.delete();
      return info.nextActionTimes;
    };
    await fc.assert(
      fc.asyncProperty(CASES, async ([cron, [zone, near]]) => {
        // The server's start is included.
        const from = new Date(near);
        const ours = nextTimes(cron, zone, new Date(from.getTime() - 1), TIMES_LISTED);
        const theirs = await listed(cron, zone, from);
        assert.deepEqual(iso(ours), iso(theirs.slice(0, TIMES_LISTED)), `${cron} ${zone}`);
      }),
      { numRuns: 40 },
    );
  });

  it('skip a night time that spring has not, and come twice where autumn has it twice', () => {
    const nightly = (at: string, from: string, count: number) =>
      iso(nextTimes(at, 'America/New_York', new Date(from), count));
    assert.deepEqual(nightly('30 2 * * *', '2027-03-13T00:00:00Z', 2), [
      '2027-03-13T07:30:00.000Z',
      '2027-03-15T06:30:00.000Z',
    ]);
    assert.deepEqual(nightly('30 1 * * *', '2027-11-07T00:00:00Z', 3), [
      '2027-11-07T05:30:00.000Z',
      '2027-11-07T06:30:00.000Z',
      '2027-11-08T06:30:00.000Z',
    ]);
  });

  it('says on which days the clock changes under it', () => {
    const from = new Date('2027-01-01T00:00:00Z');
    const weekly = (cron: string, zone: string) =>
      clockChanges(cron, zone, from).map(({ date, kind, at }) => `${date} ${kind} ${at}`);
    assert.deepEqual(weekly('0 2 * * 0', 'America/New_York'), ['2027-03-14 skipped 02:00']);
    assert.deepEqual(weekly('30 1 * * 0', 'America/New_York'), ['2027-11-07 repeated 01:30']);
    assert.deepEqual(weekly('30 2 * * *', 'Europe/Berlin'), [
      '2027-03-28 skipped 02:30',
      '2027-10-31 repeated 02:30',
    ]);
    assert.deepEqual(weekly('15 1 * * *', 'Europe/Berlin'), ['2027-10-31 repeated 01:15']);
    // West of Greenwich the hour before is no other than on other days.
    assert.deepEqual(weekly('30 0 * * *', 'America/New_York'), []);
    assert.deepEqual(clockChanges('*/30 * * * *', 'America/New_York', from).map(changeLine), [
      '  ! 2027-03-14: the clock skips 02:00, so that run does not come',
      '  ! 2027-11-07: the clock shows 01:00 twice, so that run comes twice',
    ]);
    assert.deepEqual(clockChanges('15 1 * * *', 'Europe/Berlin', from).map(changeLine), [
      '  ! 2027-10-31: the clock is put back near 01:15, so that run may come twice or an hour off',
    ]);
    assert.deepEqual(weekly('0 2 * * 1', 'America/New_York'), []);
    assert.deepEqual(weekly('0 2 * * 0', 'UTC'), []);
  });

  it('between two moments exclude the first and include the last', () => {
    const hour = (text: string) => new Date(`2027-05-01T${text}Z`);
    assert.deepEqual(iso(timesBetween('5 * * * *', 'UTC', hour('00:05:00'), hour('02:05:00'))), [
      '2027-05-01T01:05:00.000Z',
      '2027-05-01T02:05:00.000Z',
    ]);
  });

  it('of a rare day are found: 29 February, at the end of a century, too', () => {
    const from = new Date('2096-03-01T00:00:00Z');
    assert.deepEqual(iso(nextTimes('0 0 29 feb *', 'UTC', from, 1)), ['2104-02-29T00:00:00.000Z']);
  });

  it('are read by names, and Sunday as 0 and 7', () => {
    assert.deepEqual([...parseCron('0 2 * * fri-7').daysOfWeek].toSorted(), [0, 5, 6]);
    assert.deepEqual([...parseCron('0 2 * JAN,mar *').months], [1, 3]);
  });

  it('refuses what cannot be read, what cannot be, and what readers differ about', () => {
    for (const [cron, why] of [
      ['0 2 * *', /4 fields, not 5/],
      ['0 0 2 * * 0', /6 fields, not 5/],
      ['60 2 * * 0', /minute has 60, which is not in 0 to 59/],
      ['0 24 * * 0', /hour has 24/],
      ['0 22-2 * * *', /hour runs backwards/],
      ['0 2 ? * 0', /day of the month and the day of the week/],
      ['0 2 L * *', /day of the month cannot be read at "L"/],
      ['*/0 2 * * *', /minute cannot be read/],
      ['0 2 30 2 *', /no year has such a day/],
      ['0 2 1 * 0', /both the day of the month and the day of the week/],
      ['', /1 fields, not 5/],
    ] as const) {
      assert.throws(() => parseCron(cron), { name: 'BadInputError', message: why }, cron);
    }
    assert.throws(() => nextTimes('0 2 * * 0', 'Nowhere/Town', new Date(), 1), { message: /not known/ });
  });
});
