import * as tf from '@tensorflow/tfjs';
import type {
  AttentionState,
  BlockAttention,
  BlockGradient,
  BlockOptions,
  KeyValueBlock,
  OutputGradient,
  QueryBlock,
} from './block-attention.ts';
import { scoped } from '../tensorflow/scope.ts';
import { coverage, maskOf, MAX_TILE, tilesOf, type Sight, type Tile } from './tiles.ts';

/**
 * The block in TensorFlow.js operations, one head and one tile pair at a time, so that no more than
 * maxTile × maxTile scores exist at once. Every product is 2-D and without transpose flags (see product.ts); the
 * backward pass works on transposed scores, so that only thin matrices ever need a transpose.
 */
export class TensorBlockAttention implements BlockAttention {
  readonly #maxTile: number;

  constructor(maxTile = MAX_TILE) {
    this.#maxTile = maxTile;
  }

  async forward(
    state: AttentionState,
    queries: QueryBlock,
    keyValues: KeyValueBlock,
    options: BlockOptions,
  ): Promise<void> {
    await this.#eachTile(queries, keyValues, options, 'rows × keys', (head, pair, mask) =>
      foldTile(state, queries, keyValues, options, head, pair, mask),
    );
  }

  async backward(
    gradient: BlockGradient,
    output: OutputGradient,
    queries: QueryBlock,
    keyValues: KeyValueBlock,
    options: BlockOptions,
  ): Promise<void> {
    await this.#eachTile(queries, keyValues, options, 'keys × rows', (head, pair, mask) =>
      backTile(gradient, output, queries, keyValues, options, head, pair, mask),
    );
  }

  /** Every head of every tile pair that counts, with its mask in the shape the scores have. */
  async #eachTile(
    { positions: queryPositions }: QueryBlock,
    { positions: keyPositions }: KeyValueBlock,
    options: BlockOptions,
    scores: 'rows × keys' | 'keys × rows',
    work: (head: number, pair: TilePair, mask: tf.Tensor2D | undefined) => void,
  ): Promise<void> {
    const transposed = scores === 'keys × rows';
    for (const pair of this.#pairs(queryPositions, keyPositions, options)) {
      const mask = maskTensor(pair, queryPositions, keyPositions, options, transposed);
      try {
        for (let head = 0; head < options.heads; head++) {
          work(head, pair, mask);
          await options.pause();
        }
      } finally {
        mask?.dispose();
      }
    }
  }

  *#pairs(queryPositions: Int32Array, keyPositions: Int32Array, sight: Sight): Generator<TilePair> {
    const keyTiles = tilesOf(keyPositions, this.#maxTile);
    for (const query of tilesOf(queryPositions, this.#maxTile)) {
      for (const key of keyTiles) {
        const covered = coverage(query, key, sight);
        if (covered !== 'none') yield { query, key, masked: covered === 'some' };
      }
    }
  }
}

interface TilePair {
  query: Tile;
  key: Tile;
  masked: boolean;
}

function foldTile(
  state: AttentionState,
  queries: QueryBlock,
  keyValues: KeyValueBlock,
  { heads, kvHeads, headDim }: BlockOptions,
  head: number,
  { query, key }: TilePair,
  mask: tf.Tensor2D | undefined,
): void {
  const kvHead = kvHeadOf(head, heads, kvHeads);
  const first = head * queries.positions.length + query.from;
  const rows = query.to - query.from;
  const max = state.max.subarray(first, first + rows);
  const sum = state.sum.subarray(first, first + rows);
  const out = state.out.subarray(first * headDim, (first + rows) * headDim);
  const newMax = new Float32Array(rows);

  const [tileSum, tileOut] = scoped(() => {
    const q = rowsOf(queries.q, headDim, head, queries.positions.length, query);
    const k = rowsOf(keyValues.k, headDim, kvHead, keyValues.positions.length, key);
    const v = rowsOf(keyValues.v, headDim, kvHead, keyValues.positions.length, key);
    const raw = tf.matMul(tf.mul(q, 1 / Math.sqrt(headDim)) as tf.Tensor2D, tf.transpose(k)); // rows × keys
    const scores = mask ? tf.add(raw, mask) : raw;
    const tileMax = tf.max(scores, 1).dataSync();
    for (let i = 0; i < rows; i++) newMax[i] = Math.max(max[i]!, tileMax[i]!);
    const p = tf.exp(tf.sub(scores, tf.tensor2d(newMax, [rows, 1]))) as tf.Tensor2D;
    return [tf.sum(p, 1).dataSync(), tf.matMul(p, v).dataSync()] as const;
  });

  for (let i = 0; i < rows; i++) {
    const rescale = Math.exp(max[i]! - newMax[i]!);
    sum[i] = sum[i]! * rescale + tileSum[i]!;
    for (let c = i * headDim; c < (i + 1) * headDim; c++) out[c] = out[c]! * rescale + tileOut[c]!;
  }
  max.set(newMax);
}

/** FlashAttention's backward pass (Dao et al. 2022, §B.2), its scores transposed: keys × queries. */
function backTile(
  gradient: BlockGradient,
  output: OutputGradient,
  queries: QueryBlock,
  keyValues: KeyValueBlock,
  { heads, kvHeads, headDim }: BlockOptions,
  head: number,
  { query, key }: TilePair,
  mask: tf.Tensor2D | undefined,
): void {
  const queryCount = queries.positions.length;
  const keyCount = keyValues.positions.length;
  const kvHead = kvHeadOf(head, heads, kvHeads);
  const rows = query.to - query.from;
  const first = head * queryCount + query.from;
  const [dq, dk, dv] = scoped(() => {
    const scale = 1 / Math.sqrt(headDim);
    const q = tf.mul(rowsOf(queries.q, headDim, head, queryCount, query), scale) as tf.Tensor2D;
    const dOut = rowsOf(output.dOut, headDim, head, queryCount, query);
    const k = rowsOf(keyValues.k, headDim, kvHead, keyCount, key);
    const v = rowsOf(keyValues.v, headDim, kvHead, keyCount, key);
    const lse = tf.tensor2d(output.lse.subarray(first, first + rows), [1, rows]);
    const delta = tf.tensor2d(output.delta.subarray(first, first + rows), [1, rows]);
    const raw = tf.matMul(k, tf.transpose(q)); // keys × rows
    const p = tf.exp(tf.sub(mask ? tf.add(raw, mask) : raw, lse)) as tf.Tensor2D;
    const dScores = tf.mul(p, tf.sub(tf.matMul(v, tf.transpose(dOut)), delta)) as tf.Tensor2D;
    const dqTransposed = tf.matMul(tf.transpose(tf.mul(k, scale) as tf.Tensor2D), dScores); // headDim × rows
    return [
      tf.transpose(dqTransposed).dataSync(),
      tf.matMul(dScores, q).dataSync(),
      tf.matMul(p, dOut).dataSync(),
    ] as const;
  });
  addAt(gradient.dq, dq, first * headDim);
  addAt(gradient.dk, dk, (kvHead * keyCount + key.from) * headDim);
  addAt(gradient.dv, dv, (kvHead * keyCount + key.from) * headDim);
}

/** Neighbouring query heads share a head of keys and values. */
const kvHeadOf = (head: number, heads: number, kvHeads: number) => Math.floor((head * kvHeads) / heads);

function rowsOf(data: Float32Array, headDim: number, head: number, tokens: number, tile: Tile): tf.Tensor2D {
  const first = (head * tokens + tile.from) * headDim;
  const rows = tile.to - tile.from;
  return tf.tensor2d(data.subarray(first, first + rows * headDim), [rows, headDim]);
}

function maskTensor(
  { query, key, masked }: TilePair,
  queryPositions: Int32Array,
  keyPositions: Int32Array,
  sight: Sight,
  transposed: boolean,
): tf.Tensor2D | undefined {
  if (!masked) return undefined;
  const rows = queryPositions.subarray(query.from, query.to);
  const columns = keyPositions.subarray(key.from, key.to);
  const shape: [number, number] = transposed ? [columns.length, rows.length] : [rows.length, columns.length];
  return tf.tensor2d(maskOf(rows, columns, sight, transposed), shape);
}

function addAt(target: Float32Array, addend: ArrayLike<number>, offset: number): void {
  for (let i = 0; i < addend.length; i++) target[offset + i] = target[offset + i]! + addend[i]!;
}
