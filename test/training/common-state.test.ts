import assert from 'node:assert/strict';
import { SlotsDisagreeError } from '../../src/errors.ts';
import { onLocalRing } from '../../src/ring/local.ts';
import type { Checkpoint } from '../../src/training/recovery/checkpoint.ts';
import { newestHeld, requireSameState } from '../../src/training/recovery/common-state.ts';
import { stateHash } from '../../src/training/recovery/state-hash.ts';
import { HeldState } from '../../src/training/recovery/held-state.ts';

/** What a rank holds after a step: weights of the step's number, or of another one. */
const held = (step: number, { epoch = 1, ringSize = 3, value = step } = {}): Checkpoint => ({
  optimizer: {
    weights: new Float32Array(5).fill(value),
    m: new Float32Array(5).fill(value / 2),
    v: new Float32Array(5).fill(value / 4),
    step,
  },
  state: {
    formatVersion: 1,
    runId: 'run',
    epoch,
    step,
    secondsUsed: 1.5,
    tokensSeen: 7 * step,
    ringSize,
    numerics: 'n',
    model: {
      width: 4,
      layers: 1,
      heads: 1,
      kvHeads: 1,
      mlpWidth: 8,
      outputScale: 1,
      channels: ['ä'],
      regions: ['CAL'],
      horizon: 1,
    },
    history: [],
  },
});

const agree = (states: (Checkpoint | undefined)[], { atLeast = 0, mixed = false } = {}) =>
  onLocalRing(states.length, (ring) => newestHeld(ring, states[ring.rank], { atLeast, mixed }));

describe('the newest state that a ring holds', () => {
  it('is that of the highest applied step, on every rank, bit for bit', async () => {
    const newest = held(8);
    for (const states of [
      [held(7), newest, undefined],
      [undefined, undefined, newest],
      [newest, held(7), held(2)],
      [newest, held(8), held(8)],
    ]) {
      for (const found of await agree(states)) assert.deepEqual(found, newest);
    }
  });

  it('travels in pieces where it is large', async () => {
    const large = held(4);
    const length = 4 * 2 ** 20 + 3;
    for (const name of ['weights', 'm', 'v'] as const) {
      large.optimizer[name] = new Float32Array(length).fill(name.length);
      large.optimizer[name].set([1, 2, 3], length - 4);
    }
    const [, received] = await agree([large, undefined]);
    assert.equal(stateHash(received!.optimizer), stateHash(large.optimizer));
  });

  it('is none where nobody holds anything, or only what a checkpoint is ahead of', async () => {
    assert.deepEqual(await agree([undefined, undefined]), [undefined, undefined]);
    assert.deepEqual(await agree([held(7), held(6)], { atLeast: 8 }), [undefined, undefined]);
    assert.equal((await agree([held(8), undefined], { atLeast: 8 }))[1]?.state.step, 8);
  });

  it('is nobody’s where two ranks hold other bits of the same step, and all of them hear so', async () => {
    const states = [held(8), held(8, { value: 9, epoch: 2 }), undefined];
    const outcomes = await onLocalRing(3, (ring) =>
      newestHeld(ring, states[ring.rank], { atLeast: 0, mixed: false }).catch((error: Error) => error),
    );
    for (const outcome of outcomes) {
      assert.ok(outcome instanceof SlotsDisagreeError, String(outcome));
      assert.match(outcome.message, /Ranks [01] and [01] hold different weights after step 8/);
      assert.equal(outcome.retryable, false);
    }
  });

  it('is that of the newest epoch where rings of other sizes or kinds have taken the step otherwise', async () => {
    const newer = held(8, { value: 9, epoch: 2, ringSize: 2 });
    for (const found of await agree([held(8), newer, undefined])) assert.deepEqual(found, newer);
    const other = held(8, { value: 9, epoch: 2 });
    for (const found of await agree([held(8), other], { mixed: true })) assert.deepEqual(found, other);
    // Of one and the same ring there is no second truth.
    const twin = held(8, { value: 9 });
    await assert.rejects(agree([held(8), twin], { mixed: true }), SlotsDisagreeError);
  });

  it('is compared before a last checkpoint is written', async () => {
    await onLocalRing(2, (ring) => requireSameState(ring, held(3)));
    await assert.rejects(
      onLocalRing(2, (ring) => requireSameState(ring, held(3, { value: ring.rank }))),
      SlotsDisagreeError,
    );
  });
});

describe('what a slot holds', () => {
  it('is of one run, and goes when another one comes', () => {
    const state = new HeldState();
    const kept = held(3);
    state.keep(kept);
    state.dropOthers('run');
    assert.equal(state.of('run'), kept);
    assert.equal(state.of('another'), undefined);
    state.dropOthers('another');
    assert.equal(state.of('run'), undefined);
  });
});
