import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { HOUR_SECONDS, firstHourOf, lastHourOf, toHourStamp } from '../../src/contracts/time.ts';
import { rollingRanges } from '../../workflows/rolling-ranges.ts';

describe('rolling ranges', () => {
  it('end with the last whole day that every region has', () => {
    const { train, score } = rollingRanges({ scoreDays: 365, trainDays: 913 }, [
      '2025-01-01T00',
      '2025-02-01T09',
    ]);
    assert.deepEqual(score, { from: '2024-01-02', to: '2024-12-31' });
    assert.deepEqual(train, { from: '2021-07-03', to: '2024-01-01' });
  });

  it('have their days, touch without overlap, and lie within the record', () => {
    const some = {
      scoreDays: fc.integer({ min: 7, max: 800 }),
      trainDays: fc.integer({ min: 30, max: 2000 }),
    };
    const hours = fc.array(fc.integer({ min: 420_000, max: 500_000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.record(some), hours, (days, ends) => {
        const last = Math.min(...ends) * HOUR_SECONDS;
        const { train, score } = rollingRanges(
          days,
          ends.map((hour) => toHourStamp(hour * HOUR_SECONDS)),
        );
        const length = (range: typeof train) =>
          (lastHourOf(range.to) - firstHourOf(range.from)) / HOUR_SECONDS + 1;
        assert.equal(length(score), days.scoreDays * 24);
        assert.equal(length(train), days.trainDays * 24);
        assert.equal(firstHourOf(score.from) - lastHourOf(train.to), HOUR_SECONDS);
        assert.ok(lastHourOf(score.to) <= last && lastHourOf(score.to) > last - 24 * HOUR_SECONDS);
      }),
    );
  });
});
