import assert from 'node:assert/strict';
import { TensorBlockAttention } from '../../src/attention/tensor-block-attention.ts';
import { startBackend } from '../../src/backend/backend.ts';
import { computeWith, compiled } from '../../src/native/compiled.ts';
import { modelConfig, type ModelConfig } from '../../src/model/config.ts';
import type { IssueMasks } from '../../src/model/issue-head.ts';
import { initialWeights, layoutOf } from '../../src/model/parameters.ts';
import { stepsTo, quantilesOf } from '../../src/model/quantile-steps.ts';
import { gaussians, randomOf } from '../../src/model/random.ts';
import { Transformer } from '../../src/model/transformer.ts';
import { onLocalRing } from '../../src/ring/local.ts';
import { dealPositions, type RingLayout } from '../../src/sequences/ring-layout.ts';
import { dropoutMasks } from '../../src/training/dropout.ts';
import { referenceIssues } from './reference-model.ts';

const CONFIG: ModelConfig = modelConfig.parse({
  channels: ['a', 'b', 'c'],
  regions: ['ERCO', 'MISO'],
  horizon: 4,
  width: 8,
  layers: 1,
  heads: 2,
  mlpWidth: 16,
  outputScale: 0.05,
  issueHead: {
    columns: ['u', 'v', 'w', 'x'],
    dayColumns: ['y', 'z'],
    horizon: 3,
    hidden: 5,
    quantiles: [0.1, 0.3, 0.5, 0.9],
    scale: 0.02,
  },
});
const HEAD = CONFIG.issueHead!;
const TOKENS = 13;
const REGION = 1;
/** Positions of the newest known hours of three issues. */
const STANDING = [2, 7, 11];
const CELLS = STANDING.length * HEAD.horizon;
const random = randomOf('issue head test');
const inputs = gaussians(random, TOKENS * 3, 1);
const features = gaussians(random, CELLS * HEAD.columns.length, 1);
const day = gaussians(random, STANDING.length * HEAD.dayColumns.length, 1);
const dIssues = gaussians(random, CELLS * HEAD.quantiles.length, 1);
const noise = randomOf('weights');
const weights = initialWeights(layoutOf(CONFIG), randomOf('start')).map((w) => w + 0.3 * (noise() - 0.5));
const dropout = { state: 0.7, features: 0.3, hidden: 0.5 };
const SIZES = {
  state: CONFIG.width,
  features: HEAD.columns.length,
  day: HEAD.dayColumns.length,
  hidden: HEAD.hidden,
};

/** The issues' outputs in their order, and the whole gradient, computed by a ring. */
async function onRing(worldSize: number, layout: RingLayout, { masked = false } = {}) {
  const deal = dealPositions(TOKENS, worldSize, layout);
  const issueSize = HEAD.horizon * HEAD.quantiles.length;
  const outputs = new Float32Array(CELLS * HEAD.quantiles.length);
  const [gradient] = await onLocalRing(worldSize, async (ring) => {
    const positions = deal.positions[ring.rank]!;
    const own = STANDING.flatMap((at, issue) =>
      positions.includes(at) ? [{ token: positions.indexOf(at), issue }] : [],
    );
    const pick = (from: Float32Array, size: number) =>
      Float32Array.from(own.flatMap(({ issue }) => [...from.subarray(issue * size, (issue + 1) * size)]));
    const of = (from: Float32Array, columns: number) =>
      Float32Array.from(
        [...positions].flatMap((at) =>
          Array.from({ length: columns }, (_, c) => (at < 0 ? 0 : from[at * columns + c]!)),
        ),
      );
    const masks: IssueMasks | undefined = masked
      ? dropoutMasks(
          dropout,
          { seed: 1, sequence: 5 },
          Int32Array.from(own, ({ token }) => positions[token]!),
          HEAD,
          CONFIG.width,
        )
      : undefined;
    const tokens = {
      inputs: of(inputs, 3),
      positions,
      region: REGION,
      issues: {
        tokens: Int32Array.from(own, ({ token }) => token),
        features: pick(features, HEAD.horizon * HEAD.columns.length),
        day: pick(day, HEAD.dayColumns.length),
        masks,
      },
    };
    const engine = { ring, attention: new TensorBlockAttention(4), pause: () => Promise.resolve() };
    const model = new Transformer(CONFIG);
    const { outputs: given, trace } = await model.forward(weights, tokens, engine);
    own.forEach(({ issue }, m) =>
      outputs.set(given.issues.subarray(m * issueSize, (m + 1) * issueSize), issue * issueSize),
    );
    const back = {
      hourly: new Float32Array(positions.length * CONFIG.horizon),
      issues: pick(dIssues, issueSize),
    };
    const sum = await model.backward(weights, tokens, trace, back, engine);
    await ring.allReduce(sum);
    return sum;
  });
  return { outputs, gradient: gradient! };
}

const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((max, value) => Math.max(max, Math.abs(value)), 0);

function assertClose(ours: ArrayLike<number>, reference: ArrayLike<number>, tolerance: number, what: string) {
  const worst = largest(Array.from(ours, (value, i) => value - reference[i]!));
  assert.ok(worst <= tolerance * largest(reference), `${what}: off by ${worst / largest(reference)}`);
}

const reference = (flat: ArrayLike<number>) =>
  referenceIssues(CONFIG, flat, inputs, REGION, { at: STANDING, features, day }).flat();

describe('the issue head', () => {
  before(startBackend);

  for (const [engine, choose] of [
    ['the engine of this machine', () => compiled()],
    ['TensorFlow.js alone', () => undefined],
  ] as const) {
    describe(`by ${engine}`, () => {
      let before: ReturnType<typeof compiled>;
      beforeEach(() => {
        before = compiled();
        computeWith(choose());
      });
      afterEach(() => computeWith(before));

      it('computes what its formula says, held against float64', async () => {
        const { outputs } = await onRing(1, 'contiguous');
        assertClose(outputs, reference(weights), 1e-5, 'outputs');
      });

      it('has the gradient that finite differences of the float64 formula give, down to the tokens', async () => {
        const { gradient } = await onRing(1, 'contiguous');
        const objective = (flat: Float64Array) =>
          reference(flat).reduce((sum, output, i) => sum + output * dIssues[i]!, 0);
        const flat = Float64Array.from(weights);
        const expected = new Float64Array(flat.length);
        const checked = new Float64Array(flat.length);
        for (const { offset, shape } of layoutOf(CONFIG).parameters) {
          const count = shape[0] * shape[1];
          for (let i = offset; i < offset + count; i += count > 12 ? Math.ceil(count / 9) | 1 : 1) {
            const value = flat[i]!;
            flat[i] = value + 1e-5;
            const up = objective(flat);
            flat[i] = value - 1e-5;
            expected[i] = (up - objective(flat)) / 2e-5;
            checked[i] = gradient[i]!;
            flat[i] = value;
          }
        }
        assertClose(checked, expected, 2e-5, 'gradient');
        assert.ok(expected.filter((g) => g !== 0).length > 90);
      });
    });
  }

  for (const masked of [false, true]) {
    for (const [worldSize, layout] of [
      [2, 'zigzag'],
      [3, 'zigzag'],
      [3, 'striped'],
    ] as const) {
      const what = masked ? 'with parts of issues left out' : 'with all of each issue';
      it(`gives outputs and gradient of one slot on ${worldSize} slots too, ${layout}, ${what}`, async () => {
        const alone = await onRing(1, 'contiguous', { masked });
        const ring = await onRing(worldSize, layout, { masked });
        assertClose(ring.outputs, alone.outputs, 1e-5, 'outputs');
        assertClose(ring.gradient, alone.gradient, 1e-5, 'gradient');
      });
    }
  }

  it('leaves out what the masks say, and lets no gradient reach it', async () => {
    const whole = await onRing(1, 'contiguous');
    const part = await onRing(1, 'contiguous', { masked: true });
    assert.notDeepEqual(part.outputs, whole.outputs);
    const masks = dropoutMasks(
      dropout,
      { seed: 1, sequence: 5 },
      Int32Array.from(STANDING),
      HEAD,
      CONFIG.width,
    );
    const { offset } = layoutOf(CONFIG).byName.get('issue.state')!;
    let silent = 0;
    for (let unit = 0; unit < CONFIG.width; unit++) {
      if (STANDING.some((_, m) => masks.state[m * CONFIG.width + unit] !== 0)) continue;
      silent++;
      const row = part.gradient.subarray(offset + unit * HEAD.hidden, offset + (unit + 1) * HEAD.hidden);
      assert.equal(largest(row), 0);
    }
    assert.ok(silent > 0, 'no unit is left out of all issues: choose another sequence');
    for (const [name, size] of Object.entries(SIZES)) {
      const mask = masks[name as keyof IssueMasks];
      const share = name === 'day' ? dropout.features : dropout[name as keyof typeof dropout];
      assert.equal(mask.length, STANDING.length * size);
      assert.ok(mask.every((factor) => factor === 0 || Math.abs(factor - 1 / (1 - share)) < 1e-6));
    }
  });

  it('draws the same masks for an issue whoever asks, and others for another sequence or seed', () => {
    const at = (positions: number[], seed = 1, sequence = 5) =>
      dropoutMasks(
        dropout,
        { seed, sequence },
        Int32Array.from(positions),
        { columns: [], dayColumns: [], hidden: 64 },
        64,
      );
    assert.deepEqual(at([5, 9]).state.subarray(64), at([9]).state);
    for (const other of [at([8]), at([9], 2), at([9], 1, 6)]) assert.notDeepEqual(other.state, at([9]).state);
    const many = at(Array.from({ length: 500 }, (_, i) => i)).hidden;
    const kept = many.filter((factor) => factor > 0).length / many.length;
    assert.ok(Math.abs(kept - 0.5) < 0.01, String(kept));
  });

  it('never lets quantiles cross, whatever its weights', () => {
    const steps = gaussians(randomOf('steps'), 400, 30);
    const quantiles = quantilesOf(steps, HEAD.quantiles);
    quantiles.forEach((value, i) => assert.ok(i % 4 === 0 || value >= quantiles[i - 1]!, `${i}`));
    const wanted = [-0.4, -0.1, 0.3, 1.7];
    const back = quantilesOf(Float32Array.from(stepsTo(wanted, HEAD.quantiles)), HEAD.quantiles);
    assertClose(back, wanted, 1e-5, 'quantiles');
  });

  it('leaves models without one as they were', () => {
    const { issueHead: _, ...plain } = CONFIG;
    const [older, newer] = [layoutOf(plain), layoutOf(CONFIG)];
    assert.deepEqual(newer.parameters.slice(0, older.parameters.length), older.parameters);
    assert.deepEqual(modelConfig.parse(plain), plain);
  });
});
