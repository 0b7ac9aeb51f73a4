import assert from 'node:assert/strict';
import { ErrorSums, seasonalNaiveScale } from '../../src/backtest/metrics.ts';

describe('metrics', () => {
  it('agree with values worked out by hand', () => {
    const sums = new ErrorSums();
    sums.add(110, 100); // +10, 10 %
    sums.add(180, 200); // −20, 10 %
    sums.add(50, 40); // +10, 25 %
    assert.equal(sums.hours, 3);
    assert.equal(sums.mae, 40 / 3);
    assert.equal(sums.rmse, Math.sqrt(600 / 3));
    assert.ok(Math.abs(sums.mape! - 15) < 1e-12);
    assert.equal(sums.mase(20), 40 / 3 / 20);
  });

  it('are null without hours, and MASE without a scale', () => {
    const none = new ErrorSums();
    assert.deepEqual([none.mae, none.rmse, none.mape, none.mase(1)], [null, null, null, null]);
    const some = new ErrorSums();
    some.add(1, 2);
    assert.equal(some.mase(null), null);
    assert.equal(some.mase(0), null);
  });

  it('keep float64 precision over a year of large loads', () => {
    const sums = new ErrorSums();
    for (let i = 0; i < 8760; i++) sums.add(70_000.1, 70_000);
    assert.ok(Math.abs(sums.mae! - 0.1) < 1e-9);
  });

  it('scale MASE by the seasonal naive error inside the training rows only', () => {
    //            0  1  2  3  4  5   6    the training rows are 1 to 5
    const demand = [9, 1, 5, 2, 8, Number.NaN, 100];
    // |2−1| and |8−5|; the pair of row 5 lacks a value, rows 0 and 6 are outside.
    assert.equal(seasonalNaiveScale(demand, 1, 6, 2), 2);
    assert.equal(seasonalNaiveScale(demand, 1, 3, 2), null);
  });
});
