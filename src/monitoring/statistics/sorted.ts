import { BadInputError } from '../../errors.ts';

/** A sorted copy in float64. Refuses what has no order: no value at all, or one that is not finite. */
export function ascending(values: ArrayLike<number>, what = 'a sample'): Float64Array {
  const sorted = Float64Array.from(values);
  if (sorted.length === 0) throw new BadInputError(`There is no value in ${what}.`, 'Give at least one.');
  if (!sorted.every(Number.isFinite)) {
    throw new BadInputError(`Not every value of ${what} is a finite number.`, 'Leave missing values out.');
  }
  return sorted.sort();
}

/** Between the two nearest values, linearly (Hyndman & Fan, 1996, type 7; numpy's default). */
export function quantileOfSorted(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const [a, b] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return a === b ? a : a + (b - a) * (at - below);
}

/**
 * Both samples' empirical distribution functions at each distinct value of either, from the least to the greatest;
 * counts, not shares, so that callers compare exactly.
 */
export function eachStep(
  a: Float64Array,
  b: Float64Array,
  visit: (belowA: number, belowB: number, value: number, next: number) => void,
): void {
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const value = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    while (i < a.length && a[i] === value) i += 1;
    while (j < b.length && b[j] === value) j += 1;
    visit(i, j, value, Math.min(a[i] ?? Infinity, b[j] ?? Infinity));
  }
}
