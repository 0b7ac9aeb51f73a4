import type { Statistic } from './config.ts';

/**
 * Trailing statistics of one series over many windows. A window is merged from two shorter ones that lie side by
 * side, so that every window costs one pass whatever its length, nothing is ever subtracted from a running sum, and
 * a value (or a null) touches no window that it is not in. Means and variances merge as in Chan, Golub and LeVeque
 * (1979). Null is NaN: a window with one is NaN, and so are those that begin before the series does.
 */
export class RollingWindows {
  readonly #moments: Map<number, Moments>;
  readonly #extremes: Record<'min' | 'max', Map<number, Float64Array>>;

  constructor(values: Float64Array) {
    this.#moments = new Map([[1, { mean: values, squares: new Float64Array(values.length) }]]);
    this.#extremes = { min: new Map([[1, values]]), max: new Map([[1, values]]) };
  }

  /** Writes the statistic of the last `hours` values at each row to `out`; `hours` is at least 2. */
  write(statistic: Statistic, hours: number, out: Float64Array): void {
    switch (statistic) {
      case 'mean':
        out.set(this.#momentsOf(hours).mean);
        break;
      case 'std': {
        const { squares } = this.#momentsOf(hours);
        for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(squares[i]! / (hours - 1));
        break;
      }
      case 'min':
      case 'max':
        out.set(this.#extremeOf(statistic, hours));
    }
  }

  #momentsOf(hours: number): Moments {
    let found = this.#moments.get(hours);
    if (!found) {
      const newer = longestBelow(this.#moments, hours);
      const older = this.#momentsOf(hours - newer);
      this.#moments.set(hours, (found = mergeMoments(this.#momentsOf(newer), newer, older, hours - newer)));
    }
    return found;
  }

  #extremeOf(statistic: 'min' | 'max', hours: number): Float64Array {
    const known = this.#extremes[statistic];
    let found = known.get(hours);
    if (!found) {
      // Windows may overlap here, so that two of more than half the length always do.
      const part = longestBelow(known, hours);
      const both = part * 2 >= hours ? known.get(part)! : this.#extremeOf(statistic, Math.ceil(hours / 2));
      const length = part * 2 >= hours ? part : Math.ceil(hours / 2);
      known.set(hours, (found = mergeExtremes(statistic, both, hours - length, hours)));
    }
    return found;
  }
}

interface Moments {
  mean: Float64Array;
  /** Sum of squared differences from the mean. */
  squares: Float64Array;
}

/** Joins the last `newerHours` values with the `olderHours` before them. */
function mergeMoments(newer: Moments, newerHours: number, older: Moments, olderHours: number): Moments {
  const rows = newer.mean.length;
  const hours = newerHours + olderHours;
  const mean = new Float64Array(rows);
  const squares = new Float64Array(rows);
  const head = Math.min(hours - 1, rows);
  mean.fill(Number.NaN, 0, head);
  squares.fill(Number.NaN, 0, head);
  const share = olderHours / hours;
  const weight = (newerHours * olderHours) / hours;
  const [meanA, squaresA, meanB, squaresB] = [newer.mean, newer.squares, older.mean, older.squares];
  for (let i = head; i < rows; i++) {
    const j = i - newerHours;
    const difference = meanB[j]! - meanA[i]!;
    mean[i] = meanA[i]! + difference * share;
    squares[i] = squaresA[i]! + squaresB[j]! + difference * difference * weight;
  }
  return { mean, squares };
}

function mergeExtremes(
  statistic: 'min' | 'max',
  part: Float64Array,
  back: number,
  hours: number,
): Float64Array {
  const rows = part.length;
  const result = new Float64Array(rows);
  const head = Math.min(hours - 1, rows);
  result.fill(Number.NaN, 0, head);
  // Math.min and Math.max answer NaN when either is NaN, as wanted.
  if (statistic === 'min') {
    for (let i = head; i < rows; i++) result[i] = Math.min(part[i]!, part[i - back]!);
  } else {
    for (let i = head; i < rows; i++) result[i] = Math.max(part[i]!, part[i - back]!);
  }
  return result;
}

function longestBelow(known: Map<number, unknown>, hours: number): number {
  let longest = 1;
  for (const length of known.keys()) if (length < hours && length > longest) longest = length;
  return longest;
}
