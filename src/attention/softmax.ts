import type { AttentionState } from './block-attention.ts';

/** What forward leaves for backward, and the result: out is heads × tokens × headDim, lse heads × tokens. */
export interface AttentionResult {
  out: Float32Array;
  lse: Float32Array;
}

/** The running maximum of a row that has seen no key yet. */
export const NO_SCORE = -1e20;

export const freshState = (heads: number, tokens: number, headDim: number): AttentionState => ({
  out: new Float32Array(heads * tokens * headDim),
  max: new Float32Array(heads * tokens).fill(NO_SCORE),
  sum: new Float32Array(heads * tokens),
});

/** Divides by the sums, in place. */
export function finish({ out, max, sum }: AttentionState, headDim: number): AttentionResult {
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

/** Σ a·b of each row of headDim values. */
export function rowProducts(a: Float32Array, b: Float32Array, headDim: number): Float32Array {
  const products = new Float32Array(a.length / headDim);
  for (let row = 0; row < products.length; row++) {
    let total = 0;
    for (let c = row * headDim; c < (row + 1) * headDim; c++) total += a[c]! * b[c]!;
    products[row] = total;
  }
  return products;
}

export function add(target: Float32Array, addend: Float32Array): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + addend[i]!;
}
