import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { HOUR_SECONDS, fromHourStamp, toHourStamp } from '../../src/contracts/time.ts';
import { issueFor, requireReachable, type DayAheadProtocol } from '../../src/backtest/protocol.ts';
import { BadInputError } from '../../src/errors.ts';

const protocol = (standardOffsetHours: number, issueHourLocal = 10): DayAheadProtocol => ({
  standardOffsetHours,
  issueHourLocal,
  demandDelayHours: 1,
});

describe('day-ahead protocol', () => {
  it('issues at 10:00 local standard time of the day before, one hour after the newest known hour', () => {
    // The first hour of 2018-07-04 in Texas ends at 01:00 local standard time, 07:00 UTC.
    const first = issueFor(fromHourStamp('2018-07-04T07'), protocol(-6));
    assert.equal(toHourStamp(first.issuedAt), '2018-07-03T16');
    assert.equal(toHourStamp(first.newestKnown), '2018-07-03T15');
    assert.deepEqual([first.localHour, first.leadHours, first.steps], [1, 15, 16]);
  });

  it('counts the hour that ends at local midnight to the day it closes', () => {
    const last = issueFor(fromHourStamp('2018-07-05T06'), protocol(-6));
    assert.equal(toHourStamp(last.issuedAt), '2018-07-03T16');
    assert.deepEqual([last.localHour, last.leadHours, last.steps], [24, 38, 39]);
  });

  it('keeps its leads on the days the clocks change', () => {
    for (const day of ['2018-03-11', '2018-11-04']) {
      const midnight = Date.parse(`${day}T00:00:00Z`) / 1000 + 8 * HOUR_SECONDS;
      const leads = Array.from(
        { length: 24 },
        (_, i) => issueFor(midnight + (i + 1) * HOUR_SECONDS, protocol(-8)).leadHours,
      );
      assert.deepEqual(
        leads,
        Array.from({ length: 24 }, (_, i) => i + 15),
      );
    }
  });

  it('has every hour in exactly one forecast, and knows nothing newer than an hour before its issue', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 400_000, max: 500_000 }),
        fc.integer({ min: -12, max: 14 }),
        fc.integer({ min: 10, max: 23 }),
        (hour, offset, issueHour) => {
          const issue = issueFor(hour * HOUR_SECONDS, protocol(offset, issueHour));
          assert.equal(issue.issuedAt - issue.newestKnown, HOUR_SECONDS);
          assert.equal(issue.localHour + 24 - issueHour, issue.leadHours);
          assert.ok(issue.localHour >= 1 && issue.localHour <= 24);
          const issuedLocally = issue.issuedAt / HOUR_SECONDS + offset;
          assert.equal(((issuedLocally % 24) + 24) % 24, issueHour);
        },
      ),
    );
  });

  it('refuses an issue hour from which the horizon, or honest 48 h persistence, does not reach', () => {
    requireReachable(protocol(-8, 10), 39);
    requireReachable(protocol(-8, 1), 48);
    assert.throws(() => requireReachable(protocol(-8, 10), 38), BadInputError);
    assert.throws(
      () => requireReachable(protocol(-8, 0), 168),
      (error: BadInputError) =>
        /must reach 49 hours/.test(error.message) && /issueHourLocal to 1 /.test(error.cure),
    );
  });
});
