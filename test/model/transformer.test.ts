import assert from 'node:assert/strict';
import { startBackend } from '../../src/backend/backend.ts';
import { onLocalRing } from '../../src/ring/local.ts';
import { TensorBlockAttention } from '../../src/attention/tensor-block-attention.ts';
import type { Wire } from '../../src/ring/wire.ts';
import { modelConfig, type ModelConfig } from '../../src/model/config.ts';
import { initialWeights, layoutOf } from '../../src/model/parameters.ts';
import { gaussians, randomOf } from '../../src/model/random.ts';
import { Transformer } from '../../src/model/transformer.ts';
import { dealPositions, PADDING, type RingLayout } from '../../src/sequences/ring-layout.ts';
import { referenceForward } from './reference-model.ts';

const PLAIN: ModelConfig = {
  channels: ['a', 'b', 'c'],
  regions: ['ERCO', 'MISO'],
  horizon: 4,
  width: 8,
  layers: 2,
  heads: 2,
  kvHeads: 2,
  mlpWidth: 16,
  outputScale: 0.05,
};
const MODELS: Record<string, ModelConfig> = {
  plain: PLAIN,
  'of grouped heads': { ...PLAIN, width: 16, heads: 4, kvHeads: 2 },
  'of one head of keys, with a window': { ...PLAIN, width: 16, heads: 4, kvHeads: 1, window: 5 },
};
const TOKENS = 13;
const REGION = 1;
const random = randomOf('transformer test');
const inputs = gaussians(random, TOKENS * 3, 1);
const dOutputs = gaussians(random, TOKENS * PLAIN.horizon, 1);

interface Choice {
  config?: ModelConfig;
  data?: Float32Array;
  checkpointing?: boolean;
  wire?: Wire;
  /** Times that the same model goes there and back; the last one counts. */
  passes?: number;
  /** Floats of a chunk's widest array; by default all tokens are one chunk. */
  widest?: number;
}

/** No weight at zero, so that every gradient shows. */
const weightsOf = (config: ModelConfig) => {
  const noise = randomOf('weights');
  return initialWeights(layoutOf(config), randomOf('start')).map((w) => w + 0.2 * (noise() - 0.5));
};

/** Outputs in the order of positions, and the whole gradient, computed by a ring. */
async function onRing(worldSize: number, layout: RingLayout, choice: Choice = {}) {
  const { config = PLAIN, data = inputs, checkpointing, widest, wire = 'float32' } = choice;
  const { passes = 1 } = choice;
  const weights = weightsOf(config);
  const deal = dealPositions(TOKENS, worldSize, layout);
  const outputs = new Float32Array(TOKENS * config.horizon);
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
    const engine = {
      ring,
      attention: new TensorBlockAttention(4),
      travel: { wire },
      pause: () => Promise.resolve(),
    };
    const model = new Transformer(config, { widest });
    let gradient: Float32Array = new Float32Array(0);
    for (let pass = 0; pass < passes; pass++) {
      const { outputs: given, trace } = await model.forward(weights, tokens, engine, { checkpointing });
      positions.forEach((position, i) => {
        const row = given.hourly.subarray(i * config.horizon, (i + 1) * config.horizon);
        if (position !== PADDING) outputs.set(row, position * config.horizon);
      });
      const back = { hourly: rows(dOutputs, config.horizon), issues: new Float32Array(0) };
      gradient = await model.backward(weights, tokens, trace, back, engine);
    }
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

  for (const [kind, config] of Object.entries(MODELS)) {
    it(`${kind}, computes what its formula says, held against float64`, async () => {
      const { outputs } = await onRing(1, 'contiguous', { config });
      const expected = referenceForward(config, weightsOf(config), inputs, REGION).flat();
      assertClose(outputs, expected, 1e-5, 'outputs');
    });

    it(`${kind}, has the gradient that finite differences of the float64 formula give, for every weight it uses`, async () => {
      const { gradients } = await onRing(1, 'contiguous', { config });
      const objective = (flat: Float64Array) =>
        referenceForward(config, flat, inputs, REGION)
          .flat()
          .reduce((sum, output, i) => sum + output * dOutputs[i]!, 0);
      const flat = Float64Array.from(weightsOf(config));
      const expected = new Float64Array(flat.length);
      const step = 1e-5;
      for (const { offset, shape } of layoutOf(config).parameters) {
        // All of a small parameter, some numbers of a large one.
        const count = shape[0] * shape[1];
        const stride = Math.ceil(count / 12) | 1;
        for (let i = offset; i < offset + count; i += count > 10 ? stride : 1) {
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
      for (const layout of ['contiguous', 'zigzag', 'striped'] as const) {
        it(`${kind}, gives outputs and gradient of one slot on ${worldSize} slots too, ${layout}`, async () => {
          const alone = await onRing(1, 'contiguous', { config });
          const ring = await onRing(worldSize, layout, { config });
          assertClose(ring.outputs, alone.outputs, 1e-5, 'outputs');
          for (const gradient of ring.gradients) assertClose(gradient, alone.gradients[0]!, 1e-5, 'gradient');
        });
      }
    }
  }

  it('gives the same bits when it keeps only the inputs of its layers and computes attention again', async () => {
    const config = MODELS['of grouped heads']!;
    const kept = await onRing(2, 'zigzag', { config });
    const again = await onRing(2, 'zigzag', { config, checkpointing: true });
    assert.deepEqual(again, kept);
  });

  it('gives the same bits in the memory of the pass before', async () => {
    const config = MODELS['of grouped heads']!;
    const once = await onRing(2, 'zigzag', { config, widest: 4 * 64 });
    assert.deepEqual(await onRing(2, 'zigzag', { config, widest: 4 * 64, passes: 3 }), once);
    const again = { config, widest: 4 * 64, passes: 3, checkpointing: true };
    assert.deepEqual(await onRing(2, 'zigzag', again), once);
  });

  it('lets halves travel where it is told so: near the float32 result, and not the same', async () => {
    const exact = await onRing(2, 'zigzag');
    const rounded = await onRing(2, 'zigzag', { wire: 'bfloat16' });
    assertClose(rounded.outputs, exact.outputs, 2e-2, 'outputs');
    assertClose(rounded.gradients[0]!, exact.gradients[0]!, 2e-2, 'gradient');
    assert.notDeepEqual(rounded.outputs, exact.outputs);
    assert.notDeepEqual(rounded.gradients, exact.gradients);
    assert.deepEqual(rounded.gradients[0], rounded.gradients[1], 'the ranks part');
  });

  it('computes the same in one chunk as in many, a token in the last one', async () => {
    const whole = await onRing(1, 'contiguous');
    // 13 tokens whose widest array has 24 columns: chunks of at most 4.
    const chunked = await onRing(1, 'contiguous', { widest: 4 * 24 });
    assertClose(chunked.outputs, whole.outputs, 1e-6, 'outputs');
    assertClose(chunked.gradients[0]!, whole.gradients[0]!, 1e-6, 'gradient');
    assert.notDeepEqual(chunked.gradients[0], whole.gradients[0], 'nothing was cut');
  });

  it('lets no output depend on a later hour', async () => {
    const changed = inputs.slice();
    changed.fill(99, 7 * 3);
    const [before, after] = [await onRing(2, 'zigzag'), await onRing(2, 'zigzag', { data: changed })];
    const rows = 7 * PLAIN.horizon;
    assert.deepEqual(after.outputs.subarray(0, rows), before.outputs.subarray(0, rows));
    assert.notDeepEqual(after.outputs.subarray(rows), before.outputs.subarray(rows));
  });

  it('with a window, lets an output depend on the hours of its layers’ windows and no earlier one', async () => {
    const config = { ...PLAIN, window: 3 };
    const changed = inputs.slice();
    changed.fill(99, 0, 3);
    const [before, after] = [
      await onRing(1, 'contiguous', { config }),
      await onRing(1, 'contiguous', { config, data: changed }),
    ];
    // Two layers of a window of 3 reach 4 hours back: hour 4 sees hour 0, hour 5 does not.
    const at = 5 * config.horizon;
    assert.deepEqual(after.outputs.subarray(at), before.outputs.subarray(at));
    assert.notDeepEqual(
      after.outputs.subarray(at - config.horizon, at),
      before.outputs.subarray(at - config.horizon, at),
    );
  });

  it('untrained, says persistence: zero at every lead', async () => {
    const model = new Transformer(PLAIN);
    const fresh = initialWeights(model.layout, randomOf('fresh'));
    const tokens = {
      inputs,
      positions: dealPositions(TOKENS, 1, 'contiguous').positions[0]!,
      region: REGION,
    };
    const [outputs] = await onLocalRing(1, async (ring) => {
      const engine = { ring, attention: new TensorBlockAttention(), pause: () => Promise.resolve() };
      return model.outputs(fresh, tokens, engine);
    });
    assert.equal(largest(outputs!), 0);
    assert.ok(largest(fresh) > 0);
  });

  it('reads a model that was stored before heads could be grouped as one with a head of keys for each', () => {
    const { kvHeads: _, ...stored } = PLAIN;
    assert.deepEqual(modelConfig.parse(stored), PLAIN);
    assert.deepEqual(layoutOf(modelConfig.parse(stored)), layoutOf(PLAIN));
  });
});
