import assert from 'node:assert/strict';
import { resolveModel } from '../../src/model/config.ts';
import { initialWeights } from '../../src/model/parameters.ts';
import { randomOf } from '../../src/model/random.ts';
import { Transformer } from '../../src/model/transformer.ts';
import { startBackend } from '../../src/backend/backend.ts';
import { onLocalRing } from '../../src/ring/local.ts';
import { TensorBlockAttention } from '../../src/attention/tensor-block-attention.ts';
import { dealPositions } from '../../src/sequences/ring-layout.ts';
import { freshState } from '../../src/training/adamw.ts';
import { leadWeights, weightedLoss } from '../../src/training/loss.ts';
import { SequencesDataset } from '../../src/training/sequences-dataset.ts';
import { resolveTraining } from '../../src/training/settings.ts';
import { trainStep } from '../../src/training/step.ts';
import { LENGTH, smallHome, smallSettings } from './small-home.ts';

const given = smallSettings({ sequencesPerStep: 2 });
const settings = resolveTraining(given);
const all = Int32Array.from({ length: LENGTH }, (_, i) => i);

describe('a step of several sequences', () => {
  before(startBackend);

  it('is one step along the gradient of all their targets, ring-wide', async () => {
    const { home, sequences } = await smallHome();
    await using dataset = await SequencesDataset.open(home, sequences);
    const model = new Transformer(resolveModel(given, dataset.details));
    const weights = initialWeights(model.layout, randomOf('start'));
    // The second one begins in the gap of 5 hours, so that the two have different counts of targets.
    const windows = [dataset.windows[0]!, dataset.windows[2]!];
    const asked: number[] = [];

    // Adam's first moment after one step is (1 − β₁) times the gradient it was given.
    const states = await onLocalRing(2, async (ring) => {
      const positions = dealPositions(LENGTH, 2, 'zigzag').positions[ring.rank]!;
      const state = { ...freshState(weights.slice()), step: 3 };
      const engine = { ring, attention: new TensorBlockAttention(), pause: () => Promise.resolve() };
      const shareAt = (sequence: number) => {
        if (ring.rank === 0) asked.push(sequence);
        return dataset.share(windows[sequence % 2]!, positions);
      };
      const outcome = await trainStep({ model, settings, engine, positions, shareAt }, state, {
        verdict: 'go',
        rate: 1,
      });
      assert.ok(typeof outcome === 'object');
      return { state, outcome };
    });
    assert.deepEqual(asked, [6, 7]);

    let [sum, total] = [0, 0];
    const gradient = new Float64Array(model.layout.size);
    const [engine] = await onLocalRing(1, (ring) =>
      Promise.resolve({ ring, attention: new TensorBlockAttention(), pause: () => Promise.resolve() }),
    );
    const leads = leadWeights(model.config.horizon, settings.leads);
    for (const window of windows) {
      const { inputs, targets, region } = await dataset.share(window, all);
      const tokens = { inputs, positions: all, region };
      const { outputs, trace } = await model.forward(weights, tokens, engine!);
      const loss = weightedLoss(outputs.hourly, targets, leads, {
        scale: model.config.outputScale,
        bend: settings.bend,
      });
      assert.notEqual(loss.total, total, 'both sequences have as many targets: nothing is shown');
      [sum, total] = [sum + loss.sum, total + loss.total];
      const back = { hourly: loss.gradient, issues: new Float32Array(0) };
      const own = await model.backward(weights, tokens, trace, back, engine!);
      own.forEach((value, i) => (gradient[i] = gradient[i]! + value));
    }
    const norm = Math.hypot(...gradient) / total;
    for (const { state, outcome } of states) {
      assert.ok(Math.abs(outcome.loss - sum / total) < 1e-5 * outcome.loss);
      assert.ok(Math.abs(outcome.gradientNorm - norm) < 1e-5 * norm);
      const largest = gradient.reduce((max, g) => Math.max(max, Math.abs(g)), 0) / total;
      const clipped = Math.min(1, settings.clipNorm / norm);
      state.m.forEach((m, i) => {
        const off = Math.abs(m / (1 - settings.optimizer.beta1) - (clipped * gradient[i]!) / total);
        assert.ok(off < 1e-5 * largest, `weight ${i}: off by ${off / largest}`);
      });
    }
  });
});
