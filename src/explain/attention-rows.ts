import type { HeadShape } from '../attention/block-attention.ts';
import type { LocalTokens } from '../ring/ring-attention.ts';

/**
 * Writes what one query attends to, exactly: softmax(q·k/√headDim) over the tokens that it sees, all others 0. In
 * float64: it is a few rows only.
 */
export function attentionRow(
  { q, k, positions }: LocalTokens,
  { heads, kvHeads, headDim }: HeadShape,
  { head, query, window = Infinity }: { head: number; query: number; window?: number | undefined },
  row: Float64Array,
): void {
  const tokens = positions.length;
  const scale = 1 / Math.sqrt(headDim);
  const from = (head * tokens + query) * headDim;
  const keys = Math.floor((head * kvHeads) / heads) * tokens * headDim;
  let max = -Infinity;
  for (let j = 0; j < tokens; j++) {
    const back = positions[query]! - positions[j]!;
    if (positions[j]! < 0 || back < 0 || back >= window) {
      row[j] = -Infinity;
      continue;
    }
    let score = 0;
    const key = keys + j * headDim;
    for (let c = 0; c < headDim; c++) score += q[from + c]! * k[key + c]!;
    row[j] = score * scale;
    if (row[j]! > max) max = row[j]!;
  }
  let sum = 0;
  for (let j = 0; j < tokens; j++) sum += row[j] = Math.exp(row[j]! - max);
  for (let j = 0; j < tokens; j++) row[j] = row[j]! / sum;
}
