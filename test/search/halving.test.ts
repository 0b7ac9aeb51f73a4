import assert from 'node:assert/strict';
import { costOf, halvingRungs } from '../../src/search/halving.ts';
import { randomOf } from '../../src/model/random.ts';

describe('the rungs of successive halving', () => {
  it('of nine configurations one in three goes on, trained three times as long', () => {
    assert.deepEqual(halvingRungs({ trials: 9, eta: 3, leastShare: 0.1 }), [
      { trials: 9, share: 1 / 9 },
      { trials: 3, share: 1 / 3 },
      { trials: 1, share: 1 },
    ]);
  });

  it('are fewer where the least share allows no more', () => {
    assert.deepEqual(halvingRungs({ trials: 9, eta: 3, leastShare: 0.2 }), [
      { trials: 9, share: 1 / 3 },
      { trials: 3, share: 1 },
    ]);
    assert.deepEqual(halvingRungs({ trials: 9, eta: 3, leastShare: 1 }), [{ trials: 9, share: 1 }]);
    assert.deepEqual(halvingRungs({ trials: 2, eta: 3, leastShare: 0 }), [{ trials: 2, share: 1 }]);
  });

  it('never cost more than the first rung does, each; end with a whole training; never go below the least share', () => {
    const random = randomOf('halving');
    for (let round = 0; round < 2000; round++) {
      const trials = 1 + Math.floor(random() * 243);
      const eta = 2 + Math.floor(random() * 8);
      const leastShare = random() ** 4;
      const rungs = halvingRungs({ trials, eta, leastShare });
      const first = rungs[0]!.trials * rungs[0]!.share;
      assert.equal(rungs[0]!.trials, trials);
      assert.equal(rungs.at(-1)!.share, 1);
      for (const [i, { trials: count, share }] of rungs.entries()) {
        assert.ok(count * share <= first * (1 + 1e-9), 'a rung costs no more than the first');
        assert.ok(share >= leastShare * (1 - 1e-9));
        if (i > 0) assert.ok(count <= rungs[i - 1]!.trials / eta && share > rungs[i - 1]!.share);
      }
      assert.ok(costOf(rungs) <= rungs.length * first * (1 + 1e-9));
    }
  });
});
