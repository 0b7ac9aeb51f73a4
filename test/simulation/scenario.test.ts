import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseOptions } from '../../simulation/options.ts';
import { countRetrains } from '../../simulation/result.ts';
import { errorsOf } from '../../simulation/nights.ts';
import { scenarioOf } from '../../simulation/scenario.ts';
import type { JobRecord } from '../../src/contracts/jobs.ts';

describe('a simulated year', () => {
  it('has each fault once, in a week of its own, however long it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 52 }), (count) => {
        const faults = scenarioOf('ERCO', 0, count).weeks.flatMap(({ fault }) => fault ?? []);
        assert.deepEqual(faults.toSorted(), [
          'bad-candidate',
          'hurried-deployment',
          'source-down',
          'worker-down',
        ]);
      }),
    );
  });

  it('plants drift in the second half of a long one, and none in a short one', () => {
    const { drift, weeks } = scenarioOf('ERCO', 0, 52);
    assert.ok(drift && drift.from > weeks[26]!.at && drift.to < weeks[51]!.at);
    assert.equal(scenarioOf('ERCO', 0, 4).drift, null);
  });

  it('scores both on the hours whose demand is known', () => {
    const night = (hour: number, liveMw: number, frozenMw: number) => ({
      hour,
      version: 1,
      liveMw,
      frozenMw,
    });
    const nights = [night(1, 110, 80), night(2, 90, 100), night(3, 1, 1)];
    const { hours, live, frozen } = errorsOf(
      nights,
      new Map([
        [1, 100],
        [2, 100],
      ]),
    );
    assert.equal(hours, 2);
    assert.ok(Math.abs(live - 10) < 1e-12 && Math.abs(frozen - 10) < 1e-12);
  });

  it('counts what was trained, whatever came of it, and what was taken back', () => {
    const record = (job: JobRecord['job'], outcome: JobRecord['outcome'], version: number | null) =>
      ({ job, outcome, version }) as JobRecord;
    assert.deepEqual(
      countRetrains([
        record('retrain', 'done', 2),
        record('deployment', 'rolled-back', 2),
        record('retrain', 'refused', 3),
        record('retrain', 'skipped', null),
        record('retrain', 'failed', null),
        record('forecast', 'failed', null),
      ]),
      { run: 2, skipped: 1, refused: 1, rolledBack: 1, failed: 1 },
    );
  });

  it('refuses what it cannot live through', () => {
    for (const args of [
      [],
      ['decade'],
      ['year', '--weeks', '3'],
      ['year', '--region', 'X'],
      ['year', '--fast'],
    ]) {
      assert.throws(() => parseOptions(args), { name: 'BadInputError' });
    }
    assert.equal(parseOptions(['year', '--weeks', '12']).weeks, 12);
  });
});
