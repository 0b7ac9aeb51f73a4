import type { AttentionState } from '../../attention/block-attention.ts';
import { finish, freshState } from '../../attention/softmax.ts';
import { sees } from '../../attention/tiles.ts';
import { project, putAway, think, type Pass } from '../../model/layer.ts';

/**
 * The last layer, of which only the last token is asked for: its query goes to all ranks, each attends with it to its
 * own keys, and the running softmaxes are merged by the rank that has the token. Neither keys nor values travel.
 */
export async function lastLayer(
  pass: Pass,
  layer: number,
  x: Float32Array,
  last: { rank: number; position: number },
): Promise<Float32Array | undefined> {
  const { engine, block, positions, width, space } = pass;
  const { ring } = engine;
  const { heads, headDim } = block;
  const local = await project(pass, layer, x);
  const at = ring.rank === last.rank ? positions.indexOf(last.position) : -1;
  const q = new Float32Array(heads * headDim);
  if (at >= 0) {
    for (let head = 0; head < heads; head++) {
      const from = (head * positions.length + at) * headDim;
      q.set(local.q.subarray(from, from + headDim), head * headDim);
    }
  }
  const sent = await ring.broadcast(bytesOf(q), last.rank);
  const query = { q: floatsOf(sent), positions: Int32Array.of(last.position) };
  const state = freshState(heads, 1, headDim);
  if (sees(query.positions, positions, block)) await engine.attention.forward(state, query, local, block);
  putAway(pass, { local });
  const states = (await ring.allGather(bytesOf(...partsOf(state)))).map((bytes) =>
    stateOf(floatsOf(bytes), heads),
  );
  if (at < 0) return undefined;
  const result = finish(merged(states, headDim), headDim);
  const row = x.slice(at * width, (at + 1) * width);
  space.give(x);
  const one: Pass = { ...pass, positions: query.positions, chunks: [{ from: 0, to: 1 }] };
  return think(one, layer, row, { local, result });
}

const partsOf = ({ out, max, sum }: AttentionState) => [out, max, sum];

function stateOf(floats: Float32Array, heads: number): AttentionState {
  const outs = floats.length - 2 * heads;
  return {
    out: floats.subarray(0, outs),
    max: floats.subarray(outs, outs + heads),
    sum: floats.subarray(outs + heads),
  };
}

/** As one rank that saw all keys would have it; in the order of the ranks. */
function merged(states: readonly AttentionState[], headDim: number): AttentionState {
  const heads = states[0]!.max.length;
  const whole = freshState(heads, 1, headDim);
  for (let head = 0; head < heads; head++) {
    const max = Math.max(...states.map((state) => state.max[head]!));
    whole.max[head] = max;
    for (const state of states) {
      const factor = Math.exp(state.max[head]! - max);
      whole.sum[head] = whole.sum[head]! + factor * state.sum[head]!;
      for (let i = head * headDim; i < (head + 1) * headDim; i++)
        whole.out[i] = whole.out[i]! + factor * state.out[i]!;
    }
  }
  return whole;
}

function bytesOf(...arrays: readonly Float32Array[]): Uint8Array {
  return Buffer.concat(
    arrays.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
  );
}

/** Of a message, or of this rank's own bytes, which may lie anywhere. */
const floatsOf = (bytes: Uint8Array) => new Float32Array(Uint8Array.from(bytes).buffer);
