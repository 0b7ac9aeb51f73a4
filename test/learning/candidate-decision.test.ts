import assert from 'node:assert/strict';
import type { Comparison } from '../../src/contracts/learning.ts';
import { judge, losingRegions } from '../../workflows/candidate-decision.ts';
import { scoreOf } from '../support/fake-stages.ts';

const comparisonOf = (ours: number | null, theirs: number | null, hours: number): Comparison => ({
  ...{ from: '2019-03-01T01', to: '2019-03-08T00', hours, operatorMape: null, persistenceMape: null },
  mape: [
    { version: 1, mape: theirs },
    { version: 2, mape: ours },
  ],
});

const verdictOf = (ours: number | null, theirs: number | null, hours: number, regions = 1) =>
  judge(comparisonOf(ours, theirs, hours), [2, 1], { threshold: 0.05, regions });

describe('the verdict on a candidate', () => {
  it('lets pass what is level, and what is worse by no more than the threshold', () => {
    assert.equal(verdictOf(2, 2, 168)!.good, true);
    assert.equal(verdictOf(2.09, 2, 168)!.good, true);
    assert.equal(verdictOf(2.11, 2, 168)!.good, false);
    assert.equal(verdictOf(1, 2, 720)!.facts['worse_by'], -0.5);
  });

  it('allows more on less than a week of each region, by the root of what is lacking', () => {
    // 0.05 · √(168 / 42) = 0.1
    assert.equal(verdictOf(2.19, 2, 42)!.good, true);
    assert.equal(verdictOf(2.21, 2, 42)!.good, false);
    assert.match(verdictOf(2.21, 2, 42)!.reason, /10.5 % worse, where 10.0 % are allowed/);
    assert.equal(verdictOf(2.19, 2, 84, 2)!.good, true);
    assert.equal(verdictOf(2.11, 2, 8760)!.good, false);
  });

  it('is none where there is nothing to tell by', () => {
    assert.equal(verdictOf(2, 2, 11), null);
    assert.equal(verdictOf(2, 2, 23, 2), null);
    assert.equal(verdictOf(null, 2, 720), null);
    assert.equal(verdictOf(2, null, 720), null);
  });

  it('names regions in which a persistence errs less', () => {
    assert.deepEqual(losingRegions([scoreOf('CAL', 3), scoreOf('MISO', 6)]), ['MISO']);
    assert.deepEqual(losingRegions([]), ['all regions']);
  });
});
