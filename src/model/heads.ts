import { compiled } from '../native/compiled.ts';
import type { HeadShape } from '../attention/block-attention.ts';
import type { ModelConfig } from './config.ts';
import type { Rotation } from './rotary.ts';

export const shapeOf = ({
  width,
  heads,
  kvHeads,
}: Pick<ModelConfig, 'width' | 'heads' | 'kvHeads'>): HeadShape => ({
  heads,
  kvHeads,
  headDim: width / heads,
});

/** Columns of queries, keys and values side by side. */
export const projectionWidth = ({ heads, kvHeads, headDim }: HeadShape): number =>
  (heads + 2 * kvHeads) * headDim;

/** Queries and what they are attended with, or the gradients of the three: heads (or kvHeads) × tokens × headDim. */
export interface HeadArrays {
  q: Float32Array;
  k: Float32Array;
  v: Float32Array;
}

/**
 * Moves some columns of a few rows (tokens × `columns`) to heads × all tokens × headDim or back. The matrix begins at
 * token `first`; the heads' columns begin at column `at`.
 */
interface Move {
  matrix: Float32Array;
  columns: number;
  at: number;
  first: number;
  byHead: Float32Array;
  heads: number;
  headDim: number;
}

/** Rows of the projection into q, k and v; q and k are turned by their positions. */
export function splitProjection(
  matrix: Float32Array,
  first: number,
  into: HeadArrays,
  shape: HeadShape,
  rotation: Rotation,
): void {
  for (const { rotated, ...part } of partsOf(into, shape)) {
    const move = { matrix, columns: projectionWidth(shape), first, headDim: shape.headDim, ...part };
    if (rotated) turnToHeads(move, rotation);
    else toHeads(move);
  }
}

/** The reverse, for gradients: fills all rows of `matrix` from token `first` on. */
export function mergeProjection(
  matrix: Float32Array,
  first: number,
  from: HeadArrays,
  shape: HeadShape,
  rotation: Rotation,
): void {
  const columns = projectionWidth(shape);
  for (const { rotated, ...part } of partsOf(from, shape)) {
    const move = { matrix, columns, first, headDim: shape.headDim, ...part };
    if (rotated) turnFromHeads(move, rotation);
    else fromHeads(move);
  }
}

/** Fills all rows of `matrix` (tokens × width) with the heads side by side, from token `first` on. */
export function joinHeads(matrix: Float32Array, first: number, byHead: Float32Array, shape: HeadShape): void {
  const columns = shape.heads * shape.headDim;
  fromHeads({ matrix, columns, at: 0, first, byHead, heads: shape.heads, headDim: shape.headDim });
}

/** The reverse of `joinHeads`. */
export function partHeads(matrix: Float32Array, first: number, byHead: Float32Array, shape: HeadShape): void {
  const columns = shape.heads * shape.headDim;
  toHeads({ matrix, columns, at: 0, first, byHead, heads: shape.heads, headDim: shape.headDim });
}

function partsOf({ q, k, v }: HeadArrays, { heads, kvHeads, headDim }: HeadShape) {
  return [
    { byHead: q, heads, at: 0, rotated: true },
    { byHead: k, heads: kvHeads, at: heads * headDim, rotated: true },
    { byHead: v, heads: kvHeads, at: (heads + kvHeads) * headDim, rotated: false },
  ];
}

/** True when the compiled kernels have done it. */
function moved(way: 'toHeadRows' | 'fromHeadRows', move: Move, rotation?: Rotation): boolean {
  const native = compiled();
  if (!native) return false;
  const { matrix, byHead, columns, heads, headDim } = move;
  const rows = matrix.length / columns;
  const tokens = byHead.length / (heads * headDim);
  const { cos, sin } = rotation ?? {};
  native.kernels[way]({ ...move, rows, tokens, cos, sin, threads: native.threads });
  return true;
}

/** Calls `each` for every row of every head: where it begins in the matrix and by head, and its token. */
function eachRow(
  { matrix, columns, at, first, byHead, heads, headDim }: Move,
  each: (inMatrix: number, inHead: number, token: number) => void,
): void {
  const rows = matrix.length / columns;
  const tokens = byHead.length / (heads * headDim);
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < rows; row++) {
      const token = first + row;
      each(row * columns + at + head * headDim, (head * tokens + token) * headDim, token);
    }
  }
}

function toHeads(move: Move): void {
  if (moved('toHeadRows', move)) return;
  const { matrix, byHead, headDim } = move;
  eachRow(move, (a, b) => {
    for (let i = 0; i < headDim; i++) byHead[b + i] = matrix[a + i]!;
  });
}

function fromHeads(move: Move): void {
  if (moved('fromHeadRows', move)) return;
  const { matrix, byHead, headDim } = move;
  eachRow(move, (a, b) => {
    for (let i = 0; i < headDim; i++) matrix[a + i] = byHead[b + i]!;
  });
}

function turnToHeads(move: Move, rotation: Rotation): void {
  if (moved('toHeadRows', move, rotation)) return;
  const { matrix, byHead, headDim } = move;
  const { cos, sin } = rotation;
  const half = headDim / 2;
  eachRow(move, (a, b, token) => {
    for (let i = 0; i < half; i++) {
      const x = matrix[a + i]!;
      const y = matrix[a + half + i]!;
      const c = cos[token * half + i]!;
      const s = sin[token * half + i]!;
      byHead[b + i] = x * c - y * s;
      byHead[b + half + i] = x * s + y * c;
    }
  });
}

/** Turns back: the transpose of a rotation is its inverse. */
function turnFromHeads(move: Move, rotation: Rotation): void {
  if (moved('fromHeadRows', move, rotation)) return;
  const { matrix, byHead, headDim } = move;
  const { cos, sin } = rotation;
  const half = headDim / 2;
  eachRow(move, (a, b, token) => {
    for (let i = 0; i < half; i++) {
      const x = byHead[b + i]!;
      const y = byHead[b + half + i]!;
      const c = cos[token * half + i]!;
      const s = sin[token * half + i]!;
      matrix[a + i] = x * c + y * s;
      matrix[a + half + i] = y * c - x * s;
    }
  });
}
