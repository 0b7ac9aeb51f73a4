import assert from 'node:assert/strict';
import { gaussians, randomOf } from '../../src/model/random.ts';
import { startBackend } from '../../src/ring/backend.ts';
import { onLocalRing } from '../../src/ring/local.ts';
import { ringAttentionBackward, ringAttentionForward } from '../../src/ring/ring-attention.ts';
import { TensorBlockAttention } from '../../src/ring/tensor-block-attention.ts';
import { dealPositions, PADDING, type RingLayout } from '../../src/sequences/ring-layout.ts';
import { fullAttention, type Heads } from './full-attention.ts';

const NAMES = ['out', 'dq', 'dk', 'dv'] as const;
type Tensors = Record<(typeof NAMES)[number], Float32Array>;
const noPause = () => Promise.resolve();

/** Runs the ring and puts the ranks' rows back in the order of their positions. */
async function onRing(
  full: { q: Float32Array; k: Float32Array; v: Float32Array; dOut: Float32Array },
  shape: Heads,
  worldSize: number,
  layout: RingLayout,
  causal: boolean,
  maxTile: number,
): Promise<Tensors> {
  const deal = dealPositions(shape.tokens, worldSize, layout);
  const whole = Object.fromEntries(NAMES.map((name) => [name, new Float32Array(full.q.length)])) as Tensors;
  const { heads, headDim } = shape;
  const engine = new TensorBlockAttention(maxTile);
  await onLocalRing(worldSize, async (ring) => {
    const positions = deal.positions[ring.rank]!;
    // Rows of padding hold garbage on purpose: the mask must keep it out.
    const take = (from: Float32Array) => gather(from, shape, positions, 7);
    const local = { q: take(full.q), k: take(full.k), v: take(full.v), positions };
    const options = { heads, kvHeads: heads, headDim, causal, pause: noPause };
    const result = await ringAttentionForward(ring, engine, local, options);
    const dOut = gather(full.dOut, shape, positions, 0);
    const gradient = await ringAttentionBackward(ring, engine, local, result, dOut, options);
    const mine: Tensors = { out: result.out, ...gradient };
    for (const name of NAMES) scatter(whole[name], mine[name], shape, positions);
  });
  return whole;
}

function gather(
  from: Float32Array,
  { heads, headDim, tokens }: Heads,
  positions: Int32Array,
  garbage: number,
) {
  const rows = positions.length;
  const result = new Float32Array(heads * rows * headDim).fill(garbage);
  for (let head = 0; head < heads; head++) {
    positions.forEach((position, i) => {
      if (position === PADDING) return;
      const at = (head * tokens + position) * headDim;
      result.set(from.subarray(at, at + headDim), (head * rows + i) * headDim);
    });
  }
  return result;
}

function scatter(
  to: Float32Array,
  part: Float32Array,
  { heads, headDim, tokens }: Heads,
  positions: Int32Array,
) {
  for (let head = 0; head < heads; head++) {
    positions.forEach((position, i) => {
      const at = (head * positions.length + i) * headDim;
      const row = part.subarray(at, at + headDim);
      if (position !== PADDING) to.set(row, (head * tokens + position) * headDim);
    });
  }
}

function assertClose(ours: Float32Array, reference: Float64Array, what: string) {
  const scale = reference.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const worst = reference.reduce((max, value, i) => Math.max(max, Math.abs(value - ours[i]!)), 0);
  assert.ok(scale > 0, `${what}: the reference is not zero`);
  assert.ok(worst <= 1e-5 * scale, `${what}: off by ${worst / scale} of the largest value`);
}

describe('ring attention', () => {
  before(startBackend);

  const shape: Heads = { heads: 2, headDim: 8, tokens: 149 };
  const random = randomOf('ring attention parity');
  const fresh = (deviation: number) =>
    gaussians(random, shape.heads * shape.headDim * shape.tokens, deviation);
  // Scores far apart, so that a running maximum that is not rescaled shows.
  const full = { q: fresh(3), k: fresh(3), v: fresh(1), dOut: fresh(1) };

  for (const causal of [true, false]) {
    const reference = fullAttention(full.q, full.k, full.v, full.dOut, shape, causal);
    for (const worldSize of [1, 2, 3, 4]) {
      for (const layout of ['contiguous', 'zigzag'] as const) {
        it(`equals full attention, forward and backward: ${worldSize} ranks, ${layout}, ${causal ? 'causal' : 'not causal'}`, async () => {
          const ours = await onRing(full, shape, worldSize, layout, causal, 32);
          for (const name of NAMES) assertClose(ours[name], reference[name], name);
        });
      }
    }
  }

  it('equals full attention when there are fewer tokens than chunks', async () => {
    const few: Heads = { heads: 1, headDim: 4, tokens: 5 };
    const small = () => gaussians(random, 20, 1);
    const tensors = { q: small(), k: small(), v: small(), dOut: small() };
    const reference = fullAttention(tensors.q, tensors.k, tensors.v, tensors.dOut, few, true);
    const ours = await onRing(tensors, few, 4, 'zigzag', true, 1024);
    for (const name of NAMES) assertClose(ours[name], reference[name], name);
  });

  it('gives the same bits every time', async () => {
    const [first, second] = [
      await onRing(full, shape, 3, 'zigzag', true, 64),
      await onRing(full, shape, 3, 'zigzag', true, 64),
    ];
    for (const name of NAMES) assert.deepEqual(first[name], second[name]);
  });
});
