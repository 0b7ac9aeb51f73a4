import { countIn, quantileBins, type Bins } from './bins.ts';

/**
 * Jensen–Shannon distance of two histograms: the root of the divergence in bits, so 0 (equal) to 1 (nothing in common), and
 * a metric (Endres & Schindelin, A new metric for probability distributions, 2003).
 */
export function jensenShannonOfCounts(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [n, m] = [total(a), total(b)];
  let bits = 0;
  for (let bin = 0; bin < a.length; bin++) {
    const [p, q] = [a[bin]! / n, b[bin]! / m];
    const middle = (p + q) / 2;
    if (p > 0) bits += (p * Math.log2(p / middle)) / 2;
    if (q > 0) bits += (q * Math.log2(q / middle)) / 2;
  }
  return Math.sqrt(Math.min(1, Math.max(0, bits)));
}

/** Of two samples, in bins of the reference's quantiles, as the population stability index has them. */
export function jensenShannon(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  bins: Bins | number = 10,
): number {
  const cut = typeof bins === 'number' ? quantileBins(reference, bins) : bins;
  return jensenShannonOfCounts(countIn(cut, reference), countIn(cut, current));
}

const total = (counts: ArrayLike<number>) => Array.from(counts).reduce((sum, count) => sum + count, 0);
