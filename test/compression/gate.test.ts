import assert from 'node:assert/strict';
import { CompressionRefusedError, lossOf, requireGood, type Comparison } from '../../src/compression/gate.ts';
import type { Errors } from '../../src/compression/errors-of.ts';

const good: Errors = { hours: 240, mape: 2, pinballMw: 30 };
const against = (after: Partial<Errors>, subject: Comparison['subject'] = 'network'): Comparison => ({
  ...{ region: 'PACW', subject, before: good },
  after: { ...good, ...after },
});

describe('the gate of smaller networks', () => {
  const refused = (comparisons: Comparison[], mostLoss = 0.02) => {
    try {
      requireGood(comparisons, mostLoss, { method: 'prune' });
    } catch (error) {
      assert.ok(error instanceof CompressionRefusedError);
      return error;
    }
    return undefined;
  };

  it('lets through what is as good, better, or worse by no more than is allowed', () => {
    for (const after of [{}, { mape: 1.9 }, { mape: 2.039 }, { pinballMw: 30.5 }]) {
      assert.equal(refused([against(after)]), undefined);
    }
    assert.equal(refused([against({})], 0), undefined);
    assert.ok(Math.abs(lossOf(against({ mape: 1.9, pinballMw: 24 })) + 0.05) < 1e-12);
    const medians = { ...good, pinballMw: null };
    assert.equal(lossOf({ ...against({}), before: medians, after: { ...medians, mape: 1 } }), -0.5);
  });

  it('refuses what is worse in one region, one way or one measure alone, and names the worst', () => {
    const bad = [
      against({}),
      against({ mape: 1, pinballMw: 33 }, 'version'),
      against({ mape: 2.1 }, 'hourly'),
    ];
    const error = refused(bad)!;
    assert.match(
      error.message,
      /PACW, the whole version, is 10\.0 % worse .*\(MAPE 2\.00 → 1\.00 %, pinball 30\.00 → 33\.00 MW\), where 2\.0 % is allowed/,
    );
    assert.match(error.cure, /lower --sparsity.*--most-loss/);
    assert.deepEqual(error.comparisons, bad);
    assert.ok(refused([against({ mape: 2.0001 })], 0));
  });

  it('refuses answers that are no numbers, that are missing, or that became wrong where there was no error', () => {
    for (const after of [{ mape: Number.NaN }, { pinballMw: Infinity }, { hours: 239 }]) {
      assert.equal(lossOf(against(after)), Infinity);
      assert.ok(refused([against(after)], 1000));
    }
    const perfect = { ...good, mape: 0 };
    assert.equal(lossOf({ ...against({}), before: perfect, after: { ...perfect, mape: 1 } }), Infinity);
    assert.equal(lossOf({ ...against({}), before: perfect, after: perfect }), 0);
    assert.match(refused([against({ hours: 239 })])!.message, /which answers 239 of 240 hours/);
  });
});
