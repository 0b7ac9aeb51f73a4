import { BadInputError } from '../../errors.ts';
import { ascending, quantileOfSorted } from './sorted.ts';

export const DEFAULT_BINS = 10;

/**
 * Where bins of numbers end: bin 0 is (−∞, e₀], bin k (eₖ₋₁, eₖ], the last (eₙ, ∞). A constant reference has three bins:
 * below, equal, above.
 */
export interface Bins {
  edges: Float64Array;
  constant: boolean;
}

/**
 * Bins that each hold the same share of the reference: edges are its quantiles k / bins, interpolated linearly (numpy's
 * default). Equal edges count once, so a value that fills several bins has one for itself; no edge stands at the
 * maximum, beyond which the reference has nothing.
 */
export function quantileBins(reference: ArrayLike<number>, bins = DEFAULT_BINS): Bins {
  if (!Number.isInteger(bins) || bins < 2) {
    throw new BadInputError(`${bins} bins do not divide anything.`, 'Ask for 2 or more, 10 by default.');
  }
  const sorted = ascending(reference, 'the reference');
  const [least, most] = [sorted[0]!, sorted[sorted.length - 1]!];
  if (least === most) return { edges: Float64Array.of(least), constant: true };
  const edges: number[] = [];
  for (let k = 1; k < bins; k++) {
    const edge = quantileOfSorted(sorted, k / bins);
    if (edge < most && edge !== edges.at(-1)) edges.push(edge);
  }
  // More than nine tenths at the maximum leave no quantile below it: what lies under the maximum is one bin then.
  if (edges.length === 0) edges.push(sorted[sorted.indexOf(most) - 1]!);
  return { edges: Float64Array.from(edges), constant: false };
}

/** How many of the values fall into each bin. */
export function countIn({ edges, constant }: Bins, values: ArrayLike<number>): Float64Array {
  const counts = new Float64Array(constant ? 3 : edges.length + 1);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (constant) counts[1 + Math.sign(value - edges[0]!)]! += 1;
    else counts[binOf(edges, value)]! += 1;
  }
  return counts;
}

/** The first bin whose edge is not below the value. */
export function binOf(edges: Float64Array, value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
