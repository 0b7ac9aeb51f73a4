import assert from 'node:assert/strict';
import { startBackend } from '../../src/ring/backend.ts';
import { onLocalRing } from '../../src/ring/local.ts';
import { TensorBlockAttention } from '../../src/ring/tensor-block-attention.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { initialWeights } from '../../src/model/parameters.ts';
import { gaussians, randomOf } from '../../src/model/random.ts';
import { Transformer } from '../../src/model/transformer.ts';
import { dealPositions, PADDING, type RingLayout } from '../../src/sequences/ring-layout.ts';
import { referenceForward } from './reference-model.ts';

const CONFIG: ModelConfig = {
  channels: ['a', 'b', 'c'],
  regions: ['ERCO', 'MISO'],
  horizon: 4,
  width: 8,
  layers: 2,
  heads: 2,
  mlpWidth: 16,
  outputScale: 0.05,
};
const TOKENS = 13;
const REGION = 1;
const model = new Transformer(CONFIG);
const random = randomOf('transformer test');
// No weight at zero, so that every gradient shows.
const weights = initialWeights(model.layout, random).map((w) => w + 0.2 * (random() - 0.5));
const inputs = gaussians(random, TOKENS * 3, 1);
const dOutputs = gaussians(random, TOKENS * CONFIG.horizon, 1);

/** Outputs in the order of positions, and the whole gradient, computed by a ring. */
async function onRing(worldSize: number, layout: RingLayout, data = inputs) {
  const deal = dealPositions(TOKENS, worldSize, layout);
  const outputs = new Float32Array(TOKENS * CONFIG.horizon);
  const gradients = await onLocalRing(worldSize, async (ring) => {
    const positions = deal.positions[ring.rank]!;
    const rows = (from: Float32Array, columns: number) => {
      const result = new Float32Array(positions.length * columns);
      positions.forEach((position, i) => {
        if (position === PADDING) return;
        result.set(from.subarray(position * columns, (position + 1) * columns), i * columns);
      });
      return result;
    };
    const tokens = { inputs: rows(data, 3), positions, region: REGION };
    const engine = { ring, attention: new TensorBlockAttention(4), pause: () => Promise.resolve() };
    const { outputs: mine, trace } = await model.forward(weights, tokens, engine);
    positions.forEach((position, i) => {
      const row = mine.subarray(i * CONFIG.horizon, (i + 1) * CONFIG.horizon);
      if (position !== PADDING) outputs.set(row, position * CONFIG.horizon);
    });
    const gradient = await model.backward(weights, tokens, trace, rows(dOutputs, CONFIG.horizon), engine);
    await ring.allReduce(gradient);
    return gradient;
  });
  return { outputs, gradients };
}

const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((max, value) => Math.max(max, Math.abs(value)), 0);

function assertClose(ours: Float32Array, reference: ArrayLike<number>, tolerance: number, what: string) {
  const worst = largest(ours.map((value, i) => value - reference[i]!));
  assert.ok(worst <= tolerance * largest(reference), `${what}: off by ${worst / largest(reference)}`);
}

describe('the transformer', () => {
  before(startBackend);

  it('computes what its formula says, held against float64', async () => {
    const { outputs } = await onRing(1, 'contiguous');
    assertClose(outputs, referenceForward(CONFIG, weights, inputs, REGION).flat(), 1e-5, 'outputs');
  });

  it('has the gradient that finite differences of the float64 formula give, for every weight it uses', async () => {
    const { gradients } = await onRing(1, 'contiguous');
    const objective = (flat: Float64Array) =>
      referenceForward(CONFIG, flat, inputs, REGION)
        .flat()
        .reduce((sum, output, i) => sum + output * dOutputs[i]!, 0);
    const flat = Float64Array.from(weights);
    const expected = new Float64Array(flat.length);
    const step = 1e-5;
    for (const { offset, shape } of model.layout.parameters) {
      // All of a small parameter, every eleventh number of a large one.
      const count = shape[0] * shape[1];
      for (let i = offset; i < offset + count; i += count > 10 ? 11 : 1) {
        const value = flat[i]!;
        flat[i] = value + step;
        const up = objective(flat);
        flat[i] = value - step;
        expected[i] = (up - objective(flat)) / (2 * step);
        flat[i] = value;
      }
    }
    const checked = gradients[0]!.map((g, i) => (expected[i] === 0 ? 0 : g));
    assertClose(checked, expected, 2e-5, 'gradient');
    assert.ok(expected.filter((g) => g !== 0).length > 80);
  });

  for (const worldSize of [2, 3]) {
    for (const layout of ['contiguous', 'zigzag'] as const) {
      it(`gives outputs and gradient of one slot on ${worldSize} slots too, ${layout}`, async () => {
        const [alone, ring] = [await onRing(1, 'contiguous'), await onRing(worldSize, layout)];
        assertClose(ring.outputs, alone.outputs, 1e-5, 'outputs');
        for (const gradient of ring.gradients) assertClose(gradient, alone.gradients[0]!, 1e-5, 'gradient');
      });
    }
  }

  it('lets no output depend on a later hour', async () => {
    const changed = inputs.slice();
    changed.fill(99, 7 * 3);
    const [before, after] = [await onRing(2, 'zigzag'), await onRing(2, 'zigzag', changed)];
    const rows = 7 * CONFIG.horizon;
    assert.deepEqual(after.outputs.subarray(0, rows), before.outputs.subarray(0, rows));
    assert.notDeepEqual(after.outputs.subarray(rows), before.outputs.subarray(rows));
  });

  it('untrained, says persistence: zero at every lead', async () => {
    const fresh = initialWeights(model.layout, randomOf('fresh'));
    const tokens = {
      inputs,
      positions: dealPositions(TOKENS, 1, 'contiguous').positions[0]!,
      region: REGION,
    };
    const [outputs] = await onLocalRing(1, async (ring) => {
      const engine = { ring, attention: new TensorBlockAttention(), pause: () => Promise.resolve() };
      return (await model.forward(fresh, tokens, engine)).outputs;
    });
    assert.equal(largest(outputs!), 0);
    assert.ok(largest(fresh) > 0);
  });
});
