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

/** The value that `level` of the weight lies below, given pairs in ascending order of value. */
export function weightedQuantile(
  values: ArrayLike<number>,
  weights: ArrayLike<number>,
  order: ArrayLike<number>,
  level: number,
): number {
  let total = 0;
  for (let i = 0; i < order.length; i++) total += weights[order[i]!]!;
  let below = 0;
  for (let i = 0; i < order.length; i++) {
    below += weights[order[i]!]!;
    if (below >= level * total) return values[order[i]!]!;
  }
  return order.length > 0 ? values[order[order.length - 1]!]! : Number.NaN;
}
