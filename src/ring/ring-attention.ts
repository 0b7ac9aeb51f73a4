import type {
  BlockAttention,
  BlockGradient,
  BlockOptions,
  KeyValueBlock,
  OutputGradient,
} from '../attention/block-attention.ts';
import type { Collectives } from './collectives.ts';
import { halvesOf, type BackwardStep } from '../attention/head-range.ts';
import { add, finish, freshState, rowProducts, type AttentionResult } from '../attention/softmax.ts';
import { sees } from '../attention/tiles.ts';
import { EXACT, type Travel } from './wire.ts';

export type { AttentionResult } from '../attention/softmax.ts';

export interface LocalTokens extends KeyValueBlock {
  q: Float32Array;
}

export interface RingOptions extends BlockOptions {
  /** What keys, values and their gradients travel as; default float32. Must be the same on every rank. */
  travel?: Travel;
}

/**
 * Exact attention of this rank's queries to the keys of all ranks (Liu, Zaharia & Abbeel 2023, arXiv:2310.01889):
 * keys and values go once around the ring. A block goes on to the next rank, and the one after it comes in, while it
 * is computed with. Every rank of the ring must call it at the same point of the program.
 */
export async function ringAttentionForward(
  ring: Collectives,
  engine: BlockAttention,
  local: LocalTokens,
  options: RingOptions,
): Promise<AttentionResult> {
  const { travel = EXACT, heads, headDim } = options;
  const state = freshState(heads, local.positions.length, headDim);
  let block: KeyValueBlock = local;
  for (let hop = 0; ; hop++) {
    const last = hop === ring.worldSize - 1;
    const computing = sees(local.positions, block.positions, options)
      ? engine.forward(state, local, block, options)
      : undefined;
    const arriving = last ? undefined : ring.receiveKeyValues(local.k.length, travel);
    const departing = last ? undefined : ring.sendKeyValues(block, hop === 0 ? travel : onwardOf(travel));
    await computing;
    const next = arriving && (await ring.stand(arriving));
    if (departing) await ring.stand(departing);
    if (hop > 0) ring.release(block.k, block.v);
    if (!next) return finish(state, headDim);
    block = next;
  }
}

/**
 * The gradients of this rank's q, k and v. Keys and values go around once more. The gradient of a block goes with
 * it, one hop behind: while a rank computes with one block, what it found for the block before is on its way, and the
 * neighbours' sum for this one comes in. Half of the heads of the rank's own block are computed first, while the first
 * block comes, and half last, while the sum over all others comes home. So a gradient is always the sum over ranks
 * r+1, r+2, …, r−1 in this order, then r's own.
 */
export async function ringAttentionBackward(
  ring: Collectives,
  engine: BlockAttention,
  local: LocalTokens,
  result: AttentionResult,
  dOut: Float32Array,
  options: RingOptions,
): Promise<BlockGradient> {
  const { travel = EXACT } = options;
  const { length } = local.k;
  const output: OutputGradient = {
    dOut,
    lse: result.lse,
    delta: rowProducts(dOut, result.out, options.headDim),
  };
  const gradient = {
    dq: new Float32Array(local.q.length),
    dk: new Float32Array(length),
    dv: new Float32Array(length),
  };
  const own: BackwardStep = { gradient, output, queries: local, keyValues: local, options };
  const compute = async ({ queries, keyValues, ...step }: BackwardStep) => {
    if (!sees(queries.positions, keyValues.positions, options)) return;
    await engine.backward(step.gradient, step.output, queries, keyValues, step.options);
  };
  if (ring.worldSize === 1) {
    await compute(own);
    return gradient;
  }

  const [first, rest] = halvesOf(own);
  const ahead = compute(first);
  let arriving = ring.receiveKeyValues(length, travel);
  let passing: Departure = { sent: ring.sendKeyValues(local, travel), memory: [] };
  let returning: Departure | undefined;
  await ahead;
  for (let hop = 1; hop < ring.worldSize; hop++) {
    const last = hop === ring.worldSize - 1;
    const block = await ring.stand(arriving);
    await gone(ring, passing);
    const partial = { dk: ring.borrow(length).fill(0), dv: ring.borrow(length).fill(0) };
    const computing = compute({ ...own, gradient: { dq: gradient.dq, ...partial }, keyValues: block });
    const before = hop > 1 ? ring.receiveGradient(length, travel) : undefined;
    if (!last) {
      arriving = ring.receiveKeyValues(length, travel);
      passing = { sent: ring.sendKeyValues(block, onwardOf(travel)), memory: [block.k, block.v] };
    }
    await computing;
    if (last) ring.release(block.k, block.v);
    if (before) addAndRelease(ring, partial, await ring.stand(before));
    await gone(ring, returning);
    returning = { sent: ring.sendGradient(partial.dk, partial.dv, travel), memory: [partial.dk, partial.dv] };
  }
  const home = ring.receiveGradient(length, travel);
  if (rest) await compute(rest);
  addAndRelease(ring, gradient, await ring.stand(home));
  await gone(ring, returning);
  return gradient;
}

/** What was rounded when it left home is sent on as it is: there is no error left to measure. */
const onwardOf = ({ wire }: Travel): Travel => ({ wire });

type KeyGradient = Omit<BlockGradient, 'dq'>;

/** What is on its way, and the memory that is free when it has left. */
interface Departure {
  sent: Promise<void>;
  memory: Float32Array[];
}

async function gone(ring: Collectives, departure: Departure | undefined): Promise<void> {
  if (!departure) return;
  await ring.stand(departure.sent);
  ring.release(...departure.memory);
}

function addAndRelease(ring: Collectives, target: KeyGradient, sum: KeyGradient): void {
  add(target.dk, sum.dk);
  add(target.dv, sum.dv);
  ring.release(sum.dk, sum.dv);
}
