import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import { hourTable, targetHours, type DemandSeries } from '../../src/backtest/hours.ts';

const PROTOCOL = { standardOffsetHours: -6, issueHourLocal: 10, demandDelayHours: 1 };
const HOURS = 24 * 14;
const FIRST = Date.UTC(2018, 0, 1) / 1000;
const hourAt = (row: number) => FIRST + row * HOUR_SECONDS;

function series(): DemandSeries {
  // The value names its row, so that a baseline tells where it was read.
  const rows = Float32Array.from({ length: HOURS }, (_, i) => 1000 + i);
  return { region: 'ERCO', firstHour: FIRST, known: rows, final: rows.slice(), operator: rows.slice() };
}

const last24 = { from: hourAt(HOURS - 24), to: hourAt(HOURS - 1) };

describe('baselines', () => {
  it('take the value 24 h earlier where it is known at issue, and 48 h earlier otherwise', () => {
    const { targets } = targetHours(series(), PROTOCOL, last24.from, last24.to);
    assert.equal(targets.length, 24);
    for (const { row, localHour, baselines } of targets) {
      // Known at 10:00 are the hours up to the one ending 09:00, and at once also the one ending 10:00.
      assert.equal(baselines.latestKnown, 1000 + row - (localHour <= 9 ? 24 : 48));
      assert.equal(baselines.latestKnownAtOnce, 1000 + row - (localHour <= 10 ? 24 : 48));
      assert.equal(baselines.persistence48, 1000 + row - 48);
      assert.equal(baselines.persistence168, 1000 + row - 168);
    }
  });

  it('do not move when everything after the newest known hour turns to garbage', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 168, max: HOURS - 1 }),
        fc.integer({ min: 10, max: 23 }),
        fc.float({ noNaN: true, min: 1, max: 1e6 }),
        (row, issueHourLocal, garbage) => {
          const protocol = { ...PROTOCOL, issueHourLocal };
          const only = (of: DemandSeries) => targetHours(of, protocol, hourAt(row), hourAt(row)).targets[0]!;
          const before = only(series());
          const spoilt = series();
          spoilt.known.fill(garbage, before.issueRow + 1);
          const { latestKnown, persistence48, persistence168 } = only(spoilt).baselines;
          assert.equal(latestKnown, before.baselines.latestKnown);
          assert.equal(persistence48, before.baselines.persistence48);
          assert.equal(persistence168, before.baselines.persistence168);
          assert.equal(before.issueRow, row - before.steps);
        },
      ),
    );
  });

  it('leave out hours without believable demand, a persistence or a model, and count why', () => {
    const spoilt = series();
    spoilt.final[HOURS - 1] = Number.NaN;
    spoilt.final[HOURS - 2] = 0;
    spoilt.known[HOURS - 3 - 168] = Number.NaN;
    spoilt.operator[HOURS - 4] = Number.NaN;
    const { targets, counts } = targetHours(spoilt, PROTOCOL, last24.from, last24.to);
    const model = new Float64Array(targets.length).fill(1000);
    model[0] = Number.NaN;
    const table = hourTable('ERCO', targets, model, counts);
    assert.deepEqual(counts, {
      asked: 24,
      scored: 20,
      withoutActual: 2,
      withoutBaseline: 1,
      withoutModel: 1,
    });
    assert.equal(table.validAt.length, 20);
    assert.equal(table.forecasts.operator.filter(Number.isNaN).length, 1);
    assert.equal(table.validAt[0], hourAt(HOURS - 23));
  });
});
