import assert from 'node:assert/strict';
import { HOUR_SECONDS, firstHourOf, fromHourStamp, lastHourOf } from '../../src/contracts/time.ts';
import { MissingDataError } from '../../src/errors.ts';
import {
  fitDataAt,
  issuesOfStretch,
  issuesWithin,
  planStretches,
} from '../../src/backtest/rolling/stretches.ts';
import { SCORE, TRAIN, issueTable } from './rolling-home.ts';

const [FROM, TO] = [firstHourOf(TRAIN.from), lastHourOf(SCORE.to)];
const score = { from: firstHourOf(SCORE.from), to: lastHourOf(SCORE.to) };
// Eastern and Pacific time: issued at 15:00 and 18:00 UTC.
const tables = [issueTable('MISO', FROM, TO), issueTable('PACW', FROM, TO)];

describe('stretches of a rolling backtest', () => {
  it('hold every issue with an hour to score once, in all regions', () => {
    for (const refitDays of [0, 1, 7, 30]) {
      const { stretches, issues } = planStretches(tables, score, refitDays);
      let found = 0;
      for (const table of tables) {
        const { from, to } = issuesWithin(table, score);
        const issued = stretches.flatMap((stretch) => [...issuesOfStretch(table, stretch, score).issuedAt]);
        assert.deepEqual(issued, [...table.issuedAt.subarray(from, to)]);
        found += issued.length;
      }
      assert.equal(found, issues);
    }
  });

  it('begin so many days apart, at the first issue of the region that issues first', () => {
    const { stretches } = planStretches(tables, score, 7);
    const starts = stretches.map(({ from }) => fromHourStamp(from));
    assert.deepEqual(
      starts.slice(1).map((start, i) => (start - starts[i]!) / HOUR_SECONDS),
      [168, 168],
    );
    // 1 March 01:00 UTC is still 28 February in both: issued on the 27th.
    assert.equal(stretches[0]!.from, '2018-02-27T15');
    assert.equal(planStretches(tables, score, 0).stretches.length, 1);
  });

  it('cover every hour of the period that the record has whole days of', () => {
    const { from, to } = issuesWithin(tables[0]!, score);
    const hours = tables[0]!.validAt.subarray(from * 24, to * 24).filter((time) => time >= score.from);
    assert.equal(hours[0], score.from);
    // The record ends at 20:00 of its last local day, which has no issue.
    assert.ok(score.to - hours.at(-1)! < 24 * HOUR_SECONDS);
  });

  it('are refused where there is nothing to score', () => {
    const later = { from: lastHourOf('2020'), to: lastHourOf('2021') };
    assert.throws(() => planStretches(tables, later, 30), MissingDataError);
  });
});

describe('what a fit may learn from', () => {
  it('ends with the last issue whose hours were all published', () => {
    for (const at of ['2018-03-05T15', '2018-03-05T18', '2018-03-06T04', '2018-03-06T05', '2018-03-06T06']) {
      const knownBy = fromHourStamp(at);
      for (const [t, { validAt, issuedAt }] of fitDataAt(tables, knownBy, 'expanding').tables.entries()) {
        assert.ok(validAt.at(-1)! + HOUR_SECONDS <= knownBy, at);
        const next = tables[t]!.validAt[(issuedAt.length + 1) * 24 - 1]!;
        assert.ok(next + HOUR_SECONDS > knownBy, `${at}: one more was known`);
      }
    }
  });

  it('begins with the record, or so many days before', () => {
    const knownBy = fromHourStamp('2018-03-05T15');
    const all = fitDataAt(tables, knownBy, 'expanding').tables[0]!;
    assert.equal(all.issuedAt[0], tables[0]!.issuedAt[0]);
    const last = fitDataAt(tables, knownBy, { slidingDays: 20 }).tables[0]!;
    assert.equal(last.issuedAt.at(-1), all.issuedAt.at(-1));
    assert.equal(last.issuedAt.length, 19);
    assert.ok(last.validAt[0]! - HOUR_SECONDS >= knownBy - 20 * 24 * HOUR_SECONDS);
  });

  it('must not be nothing', () => {
    assert.throws(() => fitDataAt(tables, FROM, 'expanding'), /no issue to fit on/);
  });
});
