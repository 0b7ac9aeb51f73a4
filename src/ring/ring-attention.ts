import type {
  AttentionState,
  BlockAttention,
  BlockOptions,
  KeyValueBlock,
  OutputGradient,
} from './block-attention.ts';
import type { Collectives } from './collectives.ts';
import { NO_SCORE } from './tiles.ts';

/** What forward leaves for backward, and the result: out is heads × tokens × headDim, lse heads × tokens. */
export interface AttentionResult {
  out: Float32Array;
  lse: Float32Array;
}

export interface LocalTokens extends KeyValueBlock {
  q: Float32Array;
}

/**
 * Exact attention of this rank's queries to the keys of all ranks (Liu, Zaharia & Abbeel 2023, arXiv:2310.01889):
 * keys and values go once around the ring; a block is sent on before it is computed with, so that both overlap.
 * Every rank of the ring must call it at the same point of the program.
 */
export async function ringAttentionForward(
  ring: Collectives,
  engine: BlockAttention,
  local: LocalTokens,
  options: BlockOptions,
): Promise<AttentionResult> {
  const tokens = local.positions.length;
  const state: AttentionState = {
    out: new Float32Array(local.q.length),
    max: new Float32Array(options.heads * tokens).fill(NO_SCORE),
    sum: new Float32Array(options.heads * tokens),
  };
  let block: KeyValueBlock = local;
  for (let hop = 0; hop < ring.worldSize; hop++) {
    const last = hop === ring.worldSize - 1;
    const sent = last ? undefined : ring.sendKeyValues(block);
    await engine.forward(state, local, block, options);
    if (last) break;
    block = await ring.stand(ring.receiveKeyValues());
    if (sent) await ring.stand(sent);
  }
  return finish(state, options.headDim);
}

/**
 * The gradients of this rank's q, k and v. Keys and values go around once more; the gradient of each block follows
 * it, every rank adds its part in the order of the ring, and one last hop brings it home.
 */
export async function ringAttentionBackward(
  ring: Collectives,
  engine: BlockAttention,
  local: LocalTokens,
  result: AttentionResult,
  dOut: Float32Array,
  options: BlockOptions,
): Promise<{ dq: Float32Array; dk: Float32Array; dv: Float32Array }> {
  const output: OutputGradient = {
    dOut,
    lse: result.lse,
    delta: rowProducts(dOut, result.out, options.headDim),
  };
  const dq = new Float32Array(local.q.length);
  let block: KeyValueBlock = local;
  for (let hop = 0; ; hop++) {
    const last = hop === ring.worldSize - 1;
    const sent = last ? undefined : ring.sendKeyValues(block);
    const dk = new Float32Array(block.k.length);
    const dv = new Float32Array(block.v.length);
    await engine.backward({ dq, dk, dv }, output, local, block, options);
    if (hop > 0) {
      const before = await ring.stand(ring.receiveGradient(dk.length));
      add(dk, before.dk);
      add(dv, before.dv);
    }
    if (ring.worldSize === 1) return { dq, dk, dv };
    if (sent) await ring.stand(sent);
    await ring.stand(ring.sendGradient(dk, dv));
    if (last) return { dq, ...(await ring.stand(ring.receiveGradient(local.k.length))) };
    block = await ring.stand(ring.receiveKeyValues());
  }
}

function finish({ out, max, sum }: AttentionState, headDim: number): AttentionResult {
  const lse = new Float32Array(sum.length);
  for (let row = 0; row < sum.length; row++) {
    // A row without any key (padding) gives 0, and 0 as its log-sum-exp: its masked scores still vanish.
    const total = sum[row]!;
    lse[row] = total > 0 ? max[row]! + Math.log(total) : 0;
    const factor = total > 0 ? 1 / total : 0;
    for (let c = row * headDim; c < (row + 1) * headDim; c++) out[c] = out[c]! * factor;
  }
  return { out, lse };
}

function rowProducts(a: Float32Array, b: Float32Array, headDim: number): Float32Array {
  return Float32Array.from({ length: a.length / headDim }, (_, row) => {
    let total = 0;
    for (let c = row * headDim; c < (row + 1) * headDim; c++) total += a[c]! * b[c]!;
    return total;
  });
}

function add(target: Float32Array, addend: Float32Array): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + addend[i]!;
}
