/**
 * Adjusted p-values: those at most q are discoveries of which at most a share q is expected to be false (Benjamini &
 * Hochberg, Controlling the false discovery rate, 1995). In the order given.
 */
export function benjaminiHochberg(p: readonly number[]): number[] {
  const order = [...p.keys()].sort((i, j) => p[j]! - p[i]!);
  const adjusted = new Array<number>(p.length);
  let least = 1;
  for (const [above, i] of order.entries()) {
    least = Math.min(least, (p[i]! * p.length) / (p.length - above));
    adjusted[i] = least;
  }
  return adjusted;
}
