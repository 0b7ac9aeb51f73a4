import { kolmogorovTail } from './kolmogorov-tail.ts';
import { ascending, eachStep } from './sorted.ts';

export interface KolmogorovSmirnov {
  /** The greatest distance between the two empirical distribution functions. */
  statistic: number;
  /** Two-sided. */
  p: number;
  method: 'exact' | 'asymptotic';
}

/** Up to 10,000 values in each sample, beyond which scipy's `ks_2samp` no longer counts either. */
const MOST_EXACT = 10_000;

/**
 * Two-sample test of Kolmogorov and Smirnov. Small samples: the exact share of all orders of both samples that are as far
 * apart, which with ties is on the safe side. Beyond: the one-sample distribution of nm/(n+m) values, as scipy does.
 */
export function kolmogorovSmirnov(a: ArrayLike<number>, b: ArrayLike<number>): KolmogorovSmirnov {
  const [n, m] = [a.length, b.length];
  // In units of 1 / (n m): whole numbers, so that equal distances are equal.
  let farthest = 0;
  eachStep(ascending(a), ascending(b), (i, j) => {
    farthest = Math.max(farthest, Math.abs(i * m - j * n));
  });
  const statistic = farthest / (n * m);
  if (Math.max(n, m) <= MOST_EXACT) return { statistic, p: shareAsFar(n, m, farthest), method: 'exact' };
  return { statistic, p: kolmogorovTail(Math.round((n * m) / (n + m)), statistic), method: 'asymptotic' };
}

/**
 * The share of lattice paths from (0, 0) to (n, m) that touch |i/n − j/m| ≥ d somewhere. A random path to (i, j) came
 * from (i − 1, j) with chance i / (i + j), which makes the share of paths that have touched a mean of its two
 * neighbours' (Durbin, Distribution theory for tests based on the sample distribution function, 1973, by recursion).
 * Sums of positive numbers only: small chances are as precise as large ones.
 */
function shareAsFar(n: number, m: number, farthest: number): number {
  if (farthest === 0) return 1;
  const row = new Float64Array(m + 1).fill(1);
  for (let i = 0; i <= n; i++) {
    // Inside: |i m − j n| < farthest. Left of it all paths have touched; right of it row stays 1 as it was filled.
    const first = Math.max(0, Math.floor((i * m - farthest) / n) + 1);
    const last = Math.min(m, Math.ceil((i * m + farthest) / n) - 1);
    if (first > 0) row[first - 1] = 1;
    for (let j = first; j <= last; j++) {
      if (i + j === 0) row[j] = 0;
      else row[j] = ((i > 0 ? i * row[j]! : 0) + (j > 0 ? j * row[j - 1]! : 0)) / (i + j);
    }
  }
  return row[m]!;
}
