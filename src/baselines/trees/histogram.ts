import type { BinnedTable } from './bins.ts';

/** Gradient and weight of each bin lie side by side: [gradient, weight] × 256 bins × columns. */
export const BIN_STRIDE = 2;
export const COLUMN_STRIDE = 256 * BIN_STRIDE;

/** What the rows of a tree weigh; `weights` is absent where each weighs 1, which is the quicker loop. */
export interface RowGradients {
  gradients: Float64Array;
  weights: Float64Array | undefined;
}

/** Sums gradients and weights of `rows` by bin, for the given columns. */
export function fillHistogram(
  histogram: Float64Array,
  table: BinnedTable,
  columns: Uint32Array,
  rows: Uint32Array,
  { gradients, weights }: RowGradients,
): void {
  histogram.fill(0);
  const own = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) own[i] = gradients[rows[i]!]!;
  const ownWeights = weights && Float64Array.from(rows, (row) => weights[row]!);
  for (let c = 0; c < columns.length; c++) {
    const start = columns[c]! * table.rows;
    const bins = table.bins.subarray(start, start + table.rows);
    const sums = histogram.subarray(c * COLUMN_STRIDE, (c + 1) * COLUMN_STRIDE);
    if (ownWeights) addWeighted(sums, bins, rows, own, ownWeights);
    else addPlain(sums, bins, rows, own);
  }
}

function addPlain(sums: Float64Array, bins: Uint8Array, rows: Uint32Array, gradients: Float64Array): void {
  for (let i = 0; i < rows.length; i++) {
    const at = bins[rows[i]!]! * BIN_STRIDE;
    sums[at]! += gradients[i]!;
    sums[at + 1]! += 1;
  }
}

function addWeighted(
  sums: Float64Array,
  bins: Uint8Array,
  rows: Uint32Array,
  gradients: Float64Array,
  weights: Float64Array,
): void {
  for (let i = 0; i < rows.length; i++) {
    const at = bins[rows[i]!]! * BIN_STRIDE;
    sums[at]! += gradients[i]!;
    sums[at + 1]! += weights[i]!;
  }
}

export interface Split {
  gain: number;
  /** Index into the tree's columns. */
  column: number;
  /** Rows of bins 1 … bin go left; bin 0 follows `missingLeft`. */
  bin: number;
  missingLeft: boolean;
}

/** The split of a leaf that lowers the loss most, or undefined where none leaves enough weight on both sides. */
export function bestSplit(
  histogram: Float64Array,
  binCounts: Uint32Array,
  gradient: number,
  weight: number,
  leastWeight: number,
): Split | undefined {
  const unsplit = (gradient * gradient) / weight;
  let best: Split | undefined;
  for (let column = 0; column < binCounts.length; column++) {
    const start = column * COLUMN_STRIDE;
    const [missingGradient, missingWeight] = [histogram[start]!, histogram[start + 1]!];
    for (let side = 0; side < (missingWeight > 0 ? 2 : 1); side++) {
      let left = side === 0 ? 0 : missingGradient;
      let leftWeight = side === 0 ? 0 : missingWeight;
      // With the missing rows on the right, the last bin is "all others against missing".
      for (let bin = 1; bin < binCounts[column]!; bin++) {
        left += histogram[start + bin * BIN_STRIDE]!;
        leftWeight += histogram[start + bin * BIN_STRIDE + 1]!;
        const rightWeight = weight - leftWeight;
        if (leftWeight < leastWeight) continue;
        if (rightWeight < leastWeight) break;
        const right = gradient - left;
        const gain = (left * left) / leftWeight + (right * right) / rightWeight - unsplit;
        if (gain <= (best?.gain ?? 0)) continue;
        // Where no row of the leaf is missing, one that is missing later goes where most rows went.
        const missingLeft = missingWeight > 0 ? side === 1 : leftWeight > rightWeight;
        best = { gain, column, bin, missingLeft };
      }
    }
  }
  return best;
}
