import { countIn, quantileBins, type Bins } from './bins.ts';

/** What an empty bin counts as, where the other sample has something in it: half a value. */
const EMPTY = 0.5;

/**
 * Population stability index Σ (q − p) ln(q / p) over bins, p and q being shares of the reference and of what is compared
 * with it. Only an empty bin is smoothed, to half a value; one that is empty in both counts nothing.
 */
export function stabilityOfCounts(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  const [n, m] = [total(reference), total(current)];
  let sum = 0;
  for (let bin = 0; bin < reference.length; bin++) {
    if (reference[bin] === 0 && current[bin] === 0) continue;
    const p = (reference[bin] || EMPTY) / n;
    const q = (current[bin] || EMPTY) / m;
    sum += (q - p) * Math.log(q / p);
  }
  return sum;
}

/** Of two samples, in bins of the reference's quantiles. */
export function populationStability(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  bins: Bins | number = 10,
): number {
  const cut = typeof bins === 'number' ? quantileBins(reference, bins) : bins;
  return stabilityOfCounts(countIn(cut, reference), countIn(cut, current));
}

/**
 * What the index is on average of two samples of one distribution: (1/n + 1/m) (bins − 1), as it is then (1/n + 1/m) times
 * a chi-square of bins − 1 degrees of freedom (Yurdakul, Statistical properties of population stability index, 2018).
 */
export function stabilityNoise(n: number, m: number, bins: number): number {
  return (1 / n + 1 / m) * (bins - 1);
}

const total = (counts: ArrayLike<number>) => Array.from(counts).reduce((sum, count) => sum + count, 0);
