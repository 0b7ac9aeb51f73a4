import { chiSquareTail } from './gamma.ts';

export interface ChiSquare {
  statistic: number;
  freedom: number;
  p: number;
  /** Cramér's V, 0 to 1: the effect's size, whatever the number of values. */
  cramersV: number;
}

/** Pearson's test that two rows of counts share one distribution; categories that nobody has count nothing. */
export function chiSquareOfCounts(a: readonly number[], b: readonly number[]): ChiSquare {
  const [n, m] = [a, b].map((row) => row.reduce((sum, count) => sum + count, 0)) as [number, number];
  let statistic = 0;
  let categories = 0;
  for (const [i, countA] of a.entries()) {
    const both = countA + b[i]!;
    if (both === 0) continue;
    categories += 1;
    for (const [count, size] of [
      [countA, n],
      [b[i]!, m],
    ] as const) {
      const expected = (both * size) / (n + m);
      statistic += (count - expected) ** 2 / expected;
    }
  }
  const freedom = categories - 1;
  return {
    statistic,
    freedom,
    p: chiSquareTail(statistic, freedom),
    cramersV: Math.sqrt(statistic / (n + m)),
  };
}

/** Below it the chi-square distribution is no longer near (Cochran, 1954). */
const LEAST_EXPECTED = 5;
const REST = '(rare)';

/**
 * Counts of each category in both samples, by name. Categories of which either sample expects fewer than 5 are counted
 * as one, so that a new rare one does not make the test lie.
 */
export function countCategories(
  reference: readonly string[],
  current: readonly string[],
): { names: string[]; reference: number[]; current: number[] } {
  const [a, b] = [tally(reference), tally(current)];
  const smaller = Math.min(reference.length, current.length) / (reference.length + current.length);
  const counts = new Map<string, [number, number]>();
  for (const name of [...new Set([...a.keys(), ...b.keys()])].sort()) {
    const [inA, inB] = [a.get(name) ?? 0, b.get(name) ?? 0];
    const kept = (inA + inB) * smaller >= LEAST_EXPECTED ? name : REST;
    const [sumA, sumB] = counts.get(kept) ?? [0, 0];
    counts.set(kept, [sumA + inA, sumB + inB]);
  }
  const rows = [...counts.values()];
  return { names: [...counts.keys()], reference: rows.map(([x]) => x), current: rows.map(([, y]) => y) };
}

function tally(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
