import { gaussians, randomOf } from '../../src/model/random.ts';
import type { BlockAttention } from '../../src/attention/block-attention.ts';
import type { Collectives } from '../../src/ring/collectives.ts';
import { onLocalRing } from '../../src/ring/local.ts';
import { ringAttentionBackward, ringAttentionForward } from '../../src/ring/ring-attention.ts';
import type { Travel } from '../../src/ring/wire.ts';
import { dealPositions, PADDING } from '../../src/sequences/ring-layout.ts';
import type { Case } from './cases.ts';
import type { Operands, Shape } from './full-attention.ts';

export const NAMES = ['out', 'dq', 'dk', 'dv'] as const;
export type Tensors = Record<(typeof NAMES)[number], Float32Array>;

export interface Conditions {
  travel?: Travel;
  /** Is given each rank's ring before it is used. */
  tamper?(ring: Collectives): void;
}

/** Runs the ring and puts the ranks' rows back in the order of their positions. Rows of padding must come out as 0. */
export async function onRing(
  engine: BlockAttention,
  full: Operands,
  shape: Case,
  { travel, tamper }: Conditions = {},
): Promise<Tensors> {
  const { heads, kvHeads, headDim, causal, window, worldSize, layout } = shape;
  const { positions: deal } = dealPositions(shape.tokens, worldSize, layout);
  const whole: Tensors = {
    out: new Float32Array(full.q.length),
    dq: new Float32Array(full.q.length),
    dk: new Float32Array(full.k.length),
    dv: new Float32Array(full.k.length),
  };
  await onLocalRing(worldSize, async (ring) => {
    tamper?.(ring);
    const positions = deal[ring.rank]!;
    const take = (from: Float32Array) => gather(from, shape, positions);
    const local = { q: take(full.q), k: take(full.k), v: take(full.v), positions };
    const options = {
      heads,
      kvHeads,
      headDim,
      causal,
      ...(window === undefined ? {} : { window }),
      ...(travel ? { travel } : {}),
      pause: () => new Promise<void>((resolve) => setImmediate(resolve)),
    };
    const result = await ringAttentionForward(ring, engine, local, options);
    const gradient = await ringAttentionBackward(ring, engine, local, result, take(full.dOut), options);
    const mine: Tensors = { out: result.out, ...gradient };
    for (const name of NAMES) scatter(whole[name], mine[name], shape, positions, name);
  });
  return whole;
}

/** Rows of padding hold large garbage on purpose: the mask must keep it out. */
function gather(from: Float32Array, { headDim, tokens }: Shape, positions: Int32Array): Float32Array {
  const rows = positions.length;
  const heads = from.length / (tokens * headDim);
  const result = gaussians(randomOf('garbage'), heads * rows * headDim, 100);
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
  { headDim, tokens }: Shape,
  positions: Int32Array,
  name: string,
): void {
  const heads = to.length / (tokens * headDim);
  for (let head = 0; head < heads; head++) {
    positions.forEach((position, i) => {
      const at = (head * positions.length + i) * headDim;
      const row = part.subarray(at, at + headDim);
      if (position !== PADDING) to.set(row, (head * tokens + position) * headDim);
      else if (row.some((value) => value !== 0)) throw new Error(`${name}: a row of padding is not 0`);
    });
  }
}
