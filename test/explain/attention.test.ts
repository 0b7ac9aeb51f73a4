import assert from 'node:assert/strict';
import { TensorBlockAttention } from '../../src/attention/tensor-block-attention.ts';
import { startBackend } from '../../src/backend/backend.ts';
import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import { attentionByLag } from '../../src/explain/attention-by-lag.ts';
import { attentionRow } from '../../src/explain/attention-rows.ts';
import { coarseAttention, lagRanges, rangeOfLag } from '../../src/explain/lag-bins.ts';
import { throughTrunk } from '../../src/explain/trunk.ts';
import { modelConfig, type ModelConfig } from '../../src/model/config.ts';
import { shapeOf } from '../../src/model/heads.ts';
import { initialWeights, layoutOf } from '../../src/model/parameters.ts';
import { predictorOf } from '../../src/model/predictor.ts';
import { gaussians, randomOf } from '../../src/model/random.ts';
import { Transformer, type Engine } from '../../src/model/transformer.ts';
import { Collectives } from '../../src/ring/collectives.ts';
import { onLocalRing } from '../../src/ring/local.ts';
import type { Wire } from '../../src/ring/wire.ts';
import { dealPositions } from '../../src/sequences/ring-layout.ts';

const PLAIN: ModelConfig = modelConfig.parse({
  channels: ['a', 'b', 'c'],
  regions: ['ERCO', 'MISO'],
  horizon: 4,
  width: 16,
  layers: 2,
  heads: 2,
  mlpWidth: 32,
  outputScale: 0.05,
});
const MODELS: Record<string, ModelConfig> = {
  'of plain heads': PLAIN,
  'of grouped heads': { ...PLAIN, width: 32, heads: 4, kvHeads: 2 },
  'with a window': { ...PLAIN, window: 7 },
};
const TOKENS = 60;
const REGION = 1;
const inputs = gaussians(randomOf('explained inputs'), TOKENS * 3, 1);
const weightsOf = (config: ModelConfig) => {
  const noise = randomOf('explained weights');
  return initialWeights(layoutOf(config), randomOf('start')).map((w) => w + 0.3 * (noise() - 0.5));
};
const engine: Engine = {
  ring: Collectives.alone(),
  attention: new TensorBlockAttention(16),
  pause: () => Promise.resolve(),
};
const tokens = { inputs, positions: Int32Array.from({ length: TOKENS }, (_, i) => i), region: REGION };

describe('attention rows', () => {
  before(() => startBackend());

  for (const [name, config] of Object.entries(MODELS)) {
    it(`add up to 1 and weigh the values to what the network computed, ${name}`, async () => {
      const shape = shapeOf(config);
      const { heads, kvHeads, headDim } = shape;
      const { window } = config;
      const row = new Float64Array(TOKENS);
      let looked = 0;
      await throughTrunk({ config, weights: weightsOf(config) }, tokens, engine, async (_, attended) => {
        const { local, result } = attended;
        for (let head = 0; head < heads; head++) {
          for (const query of [0, 6, 31, TOKENS - 1]) {
            attentionRow(local, shape, { head, query, window }, row);
            const total = row.reduce((a, b) => a + b, 0);
            assert.ok(Math.abs(total - 1) < 1e-12);
            const own = row.filter((p) => p > 0).length;
            assert.equal(own, Math.min(query + 1, window ?? TOKENS));
            const keys = Math.floor((head * kvHeads) / heads) * TOKENS;
            for (let c = 0; c < headDim; c++) {
              let out = 0;
              for (let j = 0; j < TOKENS; j++) out += row[j]! * local.v[(keys + j) * headDim + c]!;
              const computed = result.out[(head * TOKENS + query) * headDim + c]!;
              assert.ok(Math.abs(out - computed) < 1e-5, `${out} for ${computed}`);
            }
            looked++;
          }
        }
      });
      assert.equal(looked, config.layers * heads * 4);
    });

    it(`leave the network as it is, ${name}`, async () => {
      const weights = weightsOf(config);
      const at = Int32Array.of(3, 40);
      const last = await throughTrunk({ config, weights }, tokens, engine, async () => {});
      const states = await new Transformer(config).states(weights, tokens, at, engine);
      at.forEach((token, m) => {
        const own = last.slice(token * config.width, (token + 1) * config.width);
        assert.deepEqual(own, states.slice(m * config.width, (m + 1) * config.width));
      });
    });
  }

  it('on a ring, see the keys and values as they travel there, rounded or not', async () => {
    const weights = weightsOf(PLAIN);
    const channels = PLAIN.channels.length;
    const deal = dealPositions(TOKENS, 2, 'contiguous');
    await onLocalRing(2, async (ring) => {
      const positions = deal.positions[ring.rank]!;
      const rows = inputs.slice(positions[0]! * channels, (positions.at(-1)! + 1) * channels);
      const own = { inputs: rows, positions, region: REGION };
      const at = Int32Array.from(positions.keys());
      const travelling = async (wire: Wire) => {
        const halves = { ...engine, ring, travel: { wire } };
        const looked = await throughTrunk({ config: PLAIN, weights }, own, halves, async () => {});
        assert.deepEqual(looked.slice(), await new Transformer(PLAIN).states(weights, own, at, halves), wire);
        return looked.slice();
      };
      const [exact, rounded] = [await travelling('float32'), await travelling('bfloat16')];
      // Nothing but its own keys is seen by the first hours.
      if (ring.rank === 0) assert.deepEqual(rounded, exact);
      else assert.notDeepEqual(rounded, exact);
      return new Float32Array(0);
    });
  });
});

describe('attention by hours back', () => {
  it('is cut by hour, day, week and month, without a gap', () => {
    const ranges = lagRanges(3000);
    ranges.forEach(({ from }, i) => assert.equal(from, i === 0 ? 0 : ranges[i - 1]!.to));
    const sizes = (low: number, high: number) =>
      new Set(ranges.filter(({ from, to }) => from >= low && to <= high).map(({ from, to }) => to - from));
    assert.deepEqual([...sizes(0, 24)], [1]);
    assert.deepEqual([...sizes(24, 336)], [24]);
    assert.deepEqual([...sizes(336, 1344)], [168]);
    assert.equal(ranges.at(-1)!.to, 3000);
    const of = rangeOfLag(ranges);
    assert.deepEqual([of[0], of[23], of[24], of[47], of[48]], [0, 23, 24, 24, 25]);
  });

  it('adds up to 1 in every layer, and so does what looking at all alike would be', async () => {
    const model = await predictorOf(PLAIN, weightsOf(PLAIN));
    const first = 1_000_000 * HOUR_SECONDS;
    const source = {
      hoursOf: async () => ({ first, hours: TOKENS }),
      inputsOf: async (_region: string, from: number, to: number) => inputs.slice(from * 3, to * 3),
    };
    const standingAt = Float64Array.of(20, 44, 59, 300).map((row) => first + row * HOUR_SECONDS);
    const options = { signal: new AbortController().signal };
    const network = { model, sequenceLength: 48 };
    const told = await attentionByLag(network, source, { region: 'MISO', standingAt }, options);
    // The fourth stands where there is no record.
    assert.deepEqual([told.issues, told.layers, told.heads], [3, 2, 2]);
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    for (let layer = 0; layer < 2; layer++) {
      assert.ok(Math.abs(sum(told.bins.map(({ byLayer }) => byLayer[layer]!)) - 1) < 1e-9);
    }
    assert.ok(Math.abs(sum(told.bins.map(({ share }) => share)) - 1) < 1e-9);
    assert.ok(Math.abs(sum(told.bins.map(({ alike }) => alike)) - 1) < 1e-9);
    assert.ok(Math.abs(sum(coarseAttention(told).map(({ share }) => share)) - 1) < 1e-9);
    // Computed by hand for the one issue that alone is in its window.
    const alone = await attentionByLag(
      network,
      source,
      { region: 'MISO', standingAt: standingAt.slice(0, 1) },
      options,
    );
    const shape = shapeOf(PLAIN);
    const row = new Float64Array(48);
    let newest = 0;
    const own = { inputs: inputs.slice(0, 48 * 3), positions: tokens.positions.slice(0, 48), region: REGION };
    await throughTrunk({ config: PLAIN, weights: weightsOf(PLAIN) }, own, engine, async (_, { local }) => {
      for (let head = 0; head < 2; head++) {
        attentionRow(local, shape, { head, query: 20 }, row);
        newest += row[20]! / 4;
      }
    });
    assert.ok(Math.abs(alone.bins[0]!.share - newest) < 1e-6);
    assert.deepEqual(alone.reach, { least: 21, most: 21 });
  });
});
