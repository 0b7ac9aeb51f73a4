import assert from 'node:assert/strict';
import { startBackend } from '../../src/backend/backend.ts';
import type { BlockAttention, BlockOptions, QueryBlock } from '../../src/attention/block-attention.ts';
import { freshState } from '../../src/attention/softmax.ts';
import { PADDING } from '../../src/sequences/ring-layout.ts';
import { operandsOf, type Case } from './cases.ts';
import { BOUND, faults, referenceOf } from './compare.ts';
import { TENSOR } from './engines.ts';
import { onRing, type Conditions } from './on-ring.ts';

const good = TENSOR.engine;

/** An engine that sees other queries or options than it is given. */
const misled = (
  queriesOf: (queries: QueryBlock) => QueryBlock,
  optionsOf: (options: BlockOptions) => BlockOptions = (options) => options,
): BlockAttention => ({
  forward: (state, queries, keyValues, options) =>
    good.forward(state, queriesOf(queries), keyValues, optionsOf(options)),
  backward: (gradient, output, queries, keyValues, options) =>
    good.backward(gradient, output, queriesOf(queries), keyValues, optionsOf(options)),
});

const moved = (by: number) =>
  misled(({ q, positions }) => ({ q, positions: positions.map((p) => (p === PADDING ? p : p + by)) }));

const withWindow = (change: number) =>
  misled(
    (queries) => queries,
    (options) => ({ ...options, window: options.window! + change }),
  );

/** Adds a block's sums to those before without bringing both to one maximum. */
const withoutRescale: BlockAttention = {
  backward: good.backward.bind(good),
  async forward(state, queries, keyValues, options) {
    const own = freshState(options.heads, queries.positions.length, options.headDim);
    await good.forward(own, queries, keyValues, options);
    own.out.forEach((value, i) => (state.out[i]! += value));
    own.sum.forEach((value, i) => (state.sum[i]! += value));
    own.max.forEach((value, i) => (state.max[i] = Math.max(state.max[i]!, value)));
  },
};

/** Reads the next head's keys and values in place of its own, and gives that one the gradient. */
const withHeadsMixed: BlockAttention = {
  forward: (state, queries, { k, v, positions }, options) =>
    good.forward(state, queries, { k: turned(k, options, 1), v: turned(v, options, 1), positions }, options),
  async backward(gradient, output, queries, { k, v, positions }, options) {
    const keyValues = { k: turned(k, options, 1), v: turned(v, options, 1), positions };
    const [dk, dv] = [new Float32Array(k.length), new Float32Array(v.length)];
    await good.backward({ dq: gradient.dq, dk, dv }, output, queries, keyValues, options);
    turned(dk, options, -1).forEach((value, i) => (gradient.dk[i]! += value));
    turned(dv, options, -1).forEach((value, i) => (gradient.dv[i]! += value));
  },
};

function turned(values: Float32Array, { kvHeads }: BlockOptions, by: number): Float32Array {
  const size = values.length / kvHeads;
  return Float32Array.from(values, (_, i) => values[(i + by * size + values.length) % values.length]!);
}

const withoutDelta: BlockAttention = {
  forward: good.forward.bind(good),
  backward: (gradient, output, queries, keyValues, options) =>
    good.backward(
      gradient,
      { ...output, delta: new Float32Array(output.delta.length) },
      queries,
      keyValues,
      options,
    ),
};

const keepsGradients: Conditions = {
  tamper(ring) {
    const send = ring.sendGradient.bind(ring);
    ring.sendGradient = (dk, dv, travel) =>
      send(new Float32Array(dk.length), new Float32Array(dv.length), travel);
  },
};

const sendsItsOwnAgain: Conditions = {
  tamper(ring) {
    const send = ring.sendKeyValues.bind(ring);
    let own: Parameters<typeof send>[0] | undefined;
    ring.sendKeyValues = (block, travel) => send((own ??= block), travel);
  },
};

const MUTATIONS: [what: string, engine: BlockAttention, conditions?: Conditions][] = [
  ['dK and dV are not sent home', good, keepsGradients],
  ['a block is not passed on', good, sendsItsOwnAgain],
  ['a rescale is skipped', withoutRescale],
  ['the causal mask lets the next hour be seen', moved(1)],
  ['the causal mask hides the hour itself', moved(-1)],
  ['the window is one too wide', withWindow(1)],
  ['the window is one too narrow', withWindow(-1)],
  ['grouped heads read the wrong keys', withHeadsMixed],
  ['the mean gradient of a row is not subtracted', withoutDelta],
];

describe('the comparison of ring attention with full attention', () => {
  before(startBackend);

  const shape: Case = {
    heads: 4,
    kvHeads: 2,
    headDim: 16,
    tokens: 61,
    causal: true,
    window: 20,
    worldSize: 3,
    layout: 'zigzag',
    scores: 30,
  };
  const operands = operandsOf(shape);
  const compare = async (engine: BlockAttention, conditions?: Conditions) =>
    faults(await onRing(engine, operands, shape, conditions), referenceOf('30', operands, shape), BOUND);

  it('accepts what is right', async () => {
    assert.deepEqual(await compare(good), []);
  });

  for (const [what, engine, conditions] of MUTATIONS) {
    it(`fails when ${what}`, async () => {
      assert.notDeepEqual(await compare(engine, conditions), []);
    });
  }
});
