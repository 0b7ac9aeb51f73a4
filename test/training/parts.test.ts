import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { BadInputError } from '../../src/errors.ts';
import { trainingSettings } from '../../src/contracts/training.ts';
import { resolveModel } from '../../src/model/config.ts';
import type { ParameterLayout } from '../../src/model/parameters.ts';
import { PADDING } from '../../src/sequences/ring-layout.ts';
import { applyAdamW, clipByGlobalNorm, freshState } from '../../src/training/adamw.ts';
import { leadWeights, weightedLoss } from '../../src/training/loss.ts';
import { sequenceAt } from '../../src/training/order.ts';
import { progressOf, rateAt } from '../../src/training/schedule.ts';
import { demandLogs, targetsAt } from '../../src/training/targets.ts';

describe('the loss', () => {
  const weights = leadWeights(4, { from: 2, to: 3, others: 0.25 });
  const options = { scale: 0.05, bend: 0.2 };

  it('weighs the leads that the protocol scores more', () => {
    assert.deepEqual([...weights], [0.25, 1, 1, 0.25]);
    const targets = Float32Array.of(0, Number.NaN, 0, 0, 0, 0, Number.NaN, 0);
    assert.equal(
      weightedLoss(new Float32Array(8), targets, weights, options).total,
      0.25 + 1 + 0.25 + 0.25 + 1 + 0.25,
    );
  });

  it('is a parabola near zero, a line beyond, and skips what is masked', () => {
    // Errors 0.1 (parabola: 0.1²/0.4) and 2 (line: 2 − 0.1), the latter at a quarter of the weight.
    const { sum, gradient } = weightedLoss(
      Float32Array.of(2, 1.1, 5, 5),
      Float32Array.of(0, 0.05, Number.NaN, Number.NaN),
      weights,
      options,
    );
    assert.ok(Math.abs(sum - (0.25 * 1.9 + 0.025)) < 1e-6);
    assert.deepEqual(
      [...gradient].map((g) => g.toFixed(4)),
      ['0.2500', '0.5000', '0.0000', '0.0000'],
    );
  });

  it('has the gradient that its differences give', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 8, maxLength: 8 }),
        (values) => {
          const targets = Float32Array.of(0.01, -0.02, 0.1, 0, 0.03, -0.1, 0.05, 0.2);
          const outputs = Float32Array.from(values);
          const { gradient } = weightedLoss(outputs, targets, weights, options);
          for (let i = 0; i < 8; i++) {
            const at = (delta: number) =>
            weightedLoss(outputs.map((o, j) => (i === j ? o + delta : o)), targets, weights, options).sum; // prettier-ignore
            const slope = (at(2 ** -8) - at(-(2 ** -8))) / 2 ** -7;
            // The parabola meets the line without a step, so differences and gradient part by less than half a bend's step.
            assert.ok(Math.abs(slope - gradient[i]!) < 0.01, `${slope} ${gradient[i]}`);
          }
        },
      ),
    );
  });
});

describe('targets', () => {
  it('are log-ratios to the newest known same hour, masked where either is missing or the token is padding', () => {
    const known = Float32Array.from({ length: 80 }, (_, t) => 100 + t);
    const final = Float32Array.from({ length: 80 }, (_, t) => 200 + t);
    final[31] = Number.NaN;
    const targets = targetsAt(demandLogs({ known, final }), 20, Int32Array.of(10, PADDING, 49), 25);
    const at = (token: number, lead: number) => targets[token * 25 + lead - 1]!;
    assert.ok(Number.isNaN(at(0, 1)), 'final[31] is missing');
    // Row 32 less 24 hours is row 8; with 25 hours of lead the newest known same hour is two days back: 55 − 48 = 7.
    const assertIs = (value: number, ratio: number) => assert.ok(Math.abs(value - Math.log(ratio)) < 1e-7);
    assertIs(at(0, 2), 232 / 108);
    assertIs(at(0, 25), 255 / 107);
    assert.ok([...targets.subarray(25, 50)].every(Number.isNaN));
    assertIs(at(2, 10), 279 / 155);
    assert.ok(Number.isNaN(at(2, 11)), 'row 80 is past the table');
  });
});

describe('AdamW', () => {
  const layout = {
    parameters: [
      { name: 'product', shape: [1, 1], offset: 0, decays: true, rateFactor: 1, initial: 1 },
      { name: 'gain', shape: [1, 1], offset: 1, decays: false, rateFactor: 0.5, initial: 1 },
    ],
  } as unknown as ParameterLayout;
  const rate = { learningRate: 0.1, factor: 1 };
  const settings = { beta1: 0.9, beta2: 0.99, epsilon: 0, weightDecay: 0.1 };

  it('moves each weight by the rate against the sign of its first gradient, and lets only products decay', () => {
    const state = freshState(Float32Array.of(1, 1));
    applyAdamW(state, Float32Array.of(5, -0.01), layout, rate, settings);
    assert.ok(Math.abs(state.weights[0]! - (0.99 - 0.1)) < 1e-6);
    assert.ok(Math.abs(state.weights[1]! - 1.05) < 1e-6);
    assert.equal(state.step, 1);
  });

  it('remembers: a second gradient of the other sign takes back less than the first gave', () => {
    const state = freshState(Float32Array.of(0, 0));
    applyAdamW(state, Float32Array.of(1, 1), layout, rate, settings);
    applyAdamW(state, Float32Array.of(-1, -1), layout, rate, settings);
    // m = 0.9·0.1 − 0.1 = −0.01, unbiased −0.0526; v unbiased 1.
    assert.ok(Math.abs(state.weights[1]! - (-0.05 + 0.05 * 0.05263)) < 1e-5);
  });

  it('divides by the targets, clips by the norm of the whole gradient and leaves a short one alone', () => {
    const gradient = Float32Array.of(6, 8);
    const long = clipByGlobalNorm(gradient, 2, 1);
    assert.deepEqual([long.norm, long.factor], [5, 0.1]);
    assert.deepEqual(clipByGlobalNorm(gradient, 20, 1), { norm: 0.5, factor: 0.05 });
    assert.equal(clipByGlobalNorm(new Float32Array(2), 1, 1).factor, 1);
    const [scaled, whole] = [freshState(Float32Array.of(1, 1)), freshState(Float32Array.of(1, 1))];
    applyAdamW(scaled, gradient, layout, { ...rate, factor: 0.5 }, settings);
    applyAdamW(whole, Float32Array.of(3, 4), layout, rate, settings);
    assert.deepEqual(scaled, whole);
  });
});

describe('the schedule', () => {
  const limits = { maxSteps: 100, budgetSeconds: 50 };
  const shape = { warmUp: 0.1, floor: 0.02 };

  it('goes by steps or by seconds, whichever is further', () => {
    assert.equal(progressOf(9, 0, limits), 0.1);
    assert.equal(progressOf(9, 25, limits), 0.5);
    assert.equal(progressOf(9, 500, limits), 1);
  });

  it('warms up to the whole rate and cools down to the floor', () => {
    assert.equal(rateAt(0.05, shape), 0.5);
    assert.equal(rateAt(0.1, shape), 1);
    assert.ok(Math.abs(rateAt(0.55, shape) - 0.51) < 1e-9);
    assert.ok(Math.abs(rateAt(1, shape) - 0.02) < 1e-9);
  });
});

describe('the order of sequences', () => {
  const epochOf = (dataset: string, seed: number, epoch: number) =>
    Array.from({ length: 40 }, (_, i) => sequenceAt(dataset, seed, 40 * epoch + i, 40));

  it('takes each once an epoch, in an order that only dataset, seed and epoch decide', () => {
    const order = epochOf('data', 1, 0);
    assert.deepEqual(
      order.toSorted((a, b) => a - b),
      Array.from({ length: 40 }, (_, i) => i),
    );
    const others = [epochOf('data', 1, 1), epochOf('data', 2, 0), epochOf('other', 1, 0)];
    for (const other of others) assert.notDeepEqual(other, order);
    assert.deepEqual(epochOf('data', 1, 0), order);
  });
});

describe('the settings of a model', () => {
  const data = { channels: ['a'], regions: ['ERCO'], horizon: 48 };

  it('come from the preset where they are left open', () => {
    const quick = resolveModel(trainingSettings.parse({}), data);
    assert.deepEqual([quick.width, quick.layers, quick.heads, quick.mlpWidth], [64, 2, 2, 256]);
    assert.equal(resolveModel(trainingSettings.parse({ width: 96 }), data).heads, 3);
    assert.deepEqual([quick.kvHeads, quick.window], [2, undefined]);
    const long = resolveModel(trainingSettings.parse({ preset: 'default', kvHeads: 2, window: 720 }), data);
    assert.deepEqual([long.heads, long.kvHeads, long.window], [4, 2, 720]);
  });

  it('refuse heads that fit neither the width nor the kernels nor their keys', () => {
    const refused = (settings: object, says: RegExp) =>
      assert.throws(
        () => resolveModel(trainingSettings.parse(settings), data),
        (error: Error) => error instanceof BadInputError && says.test(error.message),
      );
    refused({ width: 64, heads: 5 }, /cannot be split/);
    refused({ width: 64, heads: 4, kvHeads: 3 }, /4 heads cannot share 3/);
    refused({ width: 512, heads: 2 }, /256 wide each/);
    refused({ width: 12, heads: 2 }, /6 wide each/);
  });
});
