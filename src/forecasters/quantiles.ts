/** The quantile of ascending values, linear between neighbours; NaN of none. */
export function quantileOfSorted(sorted: ArrayLike<number>, level: number): number {
  const { length } = sorted;
  if (length === 0) return Number.NaN;
  const at = level * (length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  return low + (sorted[Math.min(below + 1, length - 1)]! - low) * (at - below);
}

export const quantile = (values: Iterable<number>, level: number) =>
  quantileOfSorted(Float64Array.from(values).sort(), level);

export const median = (values: Iterable<number>) => quantile(values, 0.5);

/**
 * The values that parts of the weight lie below, by `levels` (ascending), in one pass over pairs in ascending order of
 * value; NaN of none.
 */
export function weightedQuantiles(
  values: ArrayLike<number>,
  weights: ArrayLike<number>,
  order: ArrayLike<number>,
  levels: readonly number[],
): Float64Array {
  let total = 0;
  for (let i = 0; i < order.length; i++) total += weights[order[i]!]!;
  let below = 0;
  let at = -1;
  return Float64Array.from(levels, (level) => {
    while (at < order.length - 1 && (at < 0 || below < level * total)) below += weights[order[++at]!]!;
    return at < 0 ? Number.NaN : values[order[at]!]!;
  });
}
