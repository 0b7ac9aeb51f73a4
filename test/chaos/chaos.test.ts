import assert from 'node:assert/strict';
import { ATTACKS, type AttackName } from './attacks.ts';
import { chaos, complaintsAbout } from './chaos.ts';
import type { Blow } from './disturb.ts';
import { parseOptions } from './options.ts';
import { planAttacks } from './plan.ts';

const KINDS = Object.keys(ATTACKS) as AttackName[];

const blow = (more: Partial<Blow> = {}): Blow => ({
  name: 'slot process',
  slot: 'slot-1',
  step: 3,
  ringSize: 2,
  atSeconds: 1,
  recoveredSeconds: 1,
  stepsLost: 1,
  fullRestarts: 0,
  ...more,
});

describe('attacks', () => {
  it('are a function of the seed, spread over the run, each kind before any comes twice', () => {
    const options = { kills: 15, seed: 7, steps: 51, slots: 2 };
    const planned = planAttacks(KINDS, options);
    assert.deepEqual(planAttacks(KINDS, options), planned);
    assert.notDeepEqual(planAttacks(KINDS, { ...options, seed: 8 }), planned);
    assert.equal(new Set(planned.map(({ name }) => name)).size, KINDS.length);
    const steps = planned.map(({ atStep }) => atStep);
    assert.deepEqual(
      steps,
      steps.toSorted((a, b) => a - b),
    );
    assert.ok(steps[0]! >= 1 && steps.at(-1)! <= 50);
  });

  it('are refused before anything starts when there is none of that name, or no such ring', () => {
    assert.throws(() => parseOptions(['--only', 'lightning']), /There is no attack "lightning"/);
    assert.throws(() => parseOptions(['--ring-size', '99']), /ringSize: .*8/);
    assert.throws(() => parseOptions(['--kills', '-1']), /ambiguous\.$/);
  });

  it('are complained about when weights differ, a slot cost more than a step, or not all were made', () => {
    const options = { ...parseOptions(['--kills', '1']), only: undefined };
    const about = (done: Blow[], hashes: [string, string]) => complaintsAbout(options, done, hashes);
    assert.deepEqual(about([blow()], ['a', 'a']), []);
    assert.match(about([blow()], ['a', 'b']).join(), /weights differ/);
    assert.match(about([blow({ stepsLost: 2 })], ['a', 'a']).join(), /at step 3 cost 2 steps/);
    assert.match(about([blow({ fullRestarts: 1 })], ['a', 'a']).join(), /slot-1/);
    assert.deepEqual(about([blow({ slot: null, stepsLost: 9 })], ['a', 'a']), [], 'all slots at once');
    assert.deepEqual(about([blow({ ringSize: 1, stepsLost: 9 })], ['a', 'a']), [], 'no neighbour');
    assert.match(about([], ['a', 'a']).join(), /0 of 1 attacks/);
  });

  it('leave the weights as they are in real processes, and cost a step for a slot', async () => {
    const only = ['slot process', 'everything'];
    const options = { kills: 2, seed: 1, ringSize: 2, spares: 0, steps: 12, elastic: false, only };
    const report = await chaos(options, () => {}, new AbortController().signal);
    assert.deepEqual(report.complaints, []);
    assert.equal(report.hashes.disturbed, report.hashes.undisturbed);
    assert.deepEqual([report.kills, report.restarts, report.fullRestarts], [2, 2, 1]);
  }).timeout(180_000);
});
