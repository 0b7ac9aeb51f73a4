import { PADDING } from '../sequences/ring-layout.ts';

/** A run of rows of a block, and the range of positions in it. */
export interface Tile {
  from: number;
  /** Excluded. */
  to: number;
  /** Lowest and highest position that is not padding; `highest` is −1 when all of it is. */
  lowest: number;
  highest: number;
  padded: boolean;
}

/**
 * Scores of a tile pair are held at once, so this bounds memory; 384 × 384 floats (576 KiB) stay in a core's cache,
 * and less lies above the diagonal for nothing than with larger tiles. Smaller ones cost more in calls than they save.
 */
export const MAX_TILE = 384;

/** A jump of positions ends a tile only past this many rows, so that an odd deal does not shatter into tiny products. */
const MIN_TILE = 128;

/**
 * Cuts a block into tiles of at most `maxTile` rows, and where positions jump: under zigzag the two chunks of a rank
 * then lie in tiles of their own, and whole tiles fall before or behind the causal diagonal.
 */
export function tilesOf(positions: Int32Array, maxTile = MAX_TILE): Tile[] {
  const runs: [number, number][] = [];
  let start = 0;
  for (let i = 1; i <= positions.length; i++) {
    const jumps = i < positions.length && positions[i] !== positions[i - 1]! + 1 && positions[i] !== PADDING;
    if (i === positions.length || (jumps && i - start >= Math.min(MIN_TILE, maxTile))) {
      runs.push([start, i]);
      start = i;
    }
  }
  return runs.flatMap(([from, to]) => {
    const size = Math.ceil((to - from) / Math.ceil((to - from) / maxTile));
    const tiles: Tile[] = [];
    for (let at = from; at < to; at += size) tiles.push(tileOf(positions, at, Math.min(at + size, to)));
    return tiles;
  });
}

function tileOf(positions: Int32Array, from: number, to: number): Tile {
  let lowest = Infinity;
  let highest = PADDING;
  for (let i = from; i < to; i++) {
    const position = positions[i]!;
    if (position === PADDING) continue;
    lowest = Math.min(lowest, position);
    highest = Math.max(highest, position);
  }
  return { from, to, lowest, highest, padded: positions.subarray(from, to).includes(PADDING) };
}

/** Which keys count for a query, beyond padding. */
export interface Sight {
  causal: boolean;
  /** Positions that a query sees back, itself included (and ahead, unless causal). */
  window?: number;
}

/** What the mask does to a tile pair: nothing of it counts, all of it counts, or it must be masked entry by entry. */
export function coverage(
  queries: Tile,
  keys: Tile,
  { causal, window = Infinity }: Sight,
): 'none' | 'all' | 'some' {
  if (queries.highest === PADDING || keys.highest === PADDING) return 'none';
  if (causal && keys.lowest > queries.highest) return 'none';
  const [back, ahead] = [queries.highest - keys.lowest, keys.highest - queries.lowest];
  // The nearest that two of them can be, when one tile lies wholly before the other.
  if (-ahead >= window || -back >= window) return 'none';
  if (queries.padded || keys.padded) return 'some';
  return back < window && ahead < (causal ? 1 : window) ? 'all' : 'some';
}

/** Whether anything of one block counts for anything of another. */
export function sees(queryPositions: Int32Array, keyPositions: Int32Array, sight: Sight): boolean {
  const keys = tilesOf(keyPositions, keyPositions.length);
  return tilesOf(queryPositions, queryPositions.length).some((query) =>
    keys.some((key) => coverage(query, key, sight) !== 'none'),
  );
}

/**
 * Added to the scores. Far below any score, so that it swallows the score exactly; far above −∞, so that no
 * subtraction gives NaN; and far below `NO_SCORE` (softmax.ts), so that exp(MASKED − NO_SCORE) is exactly 0.
 */
export const MASKED = -1e30;

/** The additive mask of a tile pair, queries × keys, or keys × queries when `transposed`. */
export function maskOf(
  queryPositions: Int32Array,
  keyPositions: Int32Array,
  { causal, window = Infinity }: Sight,
  transposed: boolean,
): Float32Array {
  const rows = queryPositions.length;
  const columns = keyPositions.length;
  const mask = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const query = queryPositions[i]!;
    for (let j = 0; j < columns; j++) {
      const key = keyPositions[j]!;
      const inSight = query - key < window && key - query < (causal ? 1 : window);
      const counts = query !== PADDING && key !== PADDING && inSight;
      if (!counts) mask[transposed ? j * rows + i : i * columns + j] = MASKED;
    }
  }
  return mask;
}
