import type { Statistic } from './config.ts';
import { Scratch } from './scratch.ts';

/**
 * Trailing statistics of one series over many windows. A window is merged from two shorter ones that lie side by
 * side, so that every window costs one pass whatever its length, nothing is ever subtracted from a running sum, and
 * a value (or a null) touches no window that it is not in. Means and variances merge as in Chan, Golub and LeVeque
 * (1979). Null is NaN: a window with one is NaN, and so are those that begin before the series does.
 */
export class RollingWindows {
  readonly #scratch: Scratch;
  readonly #moments: Map<number, Moments>;
  readonly #extremes: Record<'min' | 'max', Map<number, Float64Array>>;

  constructor(values: Float64Array, scratch = new Scratch(values.length)) {
    this.#scratch = scratch;
    // A null's square is null too, but the mean it stands beside says so already.
    this.#moments = new Map([[1, { mean: values, squares: scratch.take(values.length).fill(0) }]]);
    this.#extremes = { min: new Map([[1, values]]), max: new Map([[1, values]]) };
  }

  /**
   * The statistic of the last `hours` values at each row; `hours` is at least 2. A standard deviation is written to
   * `out`; the others are kept for longer windows, and not to be written to.
   */
  values(statistic: Statistic, hours: number, out: Float64Array): Float64Array {
    if (statistic === 'min' || statistic === 'max') return this.#extremeOf(statistic, hours);
    const { mean, squares } = this.#momentsOf(hours);
    if (statistic === 'mean') return mean;
    const share = 1 / (hours - 1);
    for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(squares[i]! * share);
    return out;
  }

  #momentsOf(hours: number): Moments {
    let found = this.#moments.get(hours);
    if (!found) {
      const newer = this.#halfOrMore(this.#moments, hours, (half) => this.#momentsOf(half));
      const older = hours - newer;
      found = this.#mergeMoments(this.#momentsOf(newer), newer, this.#momentsOf(older), older);
      this.#moments.set(hours, found);
    }
    return found;
  }

  #extremeOf(statistic: 'min' | 'max', hours: number): Float64Array {
    const known = this.#extremes[statistic];
    let found = known.get(hours);
    if (!found) {
      const part = this.#halfOrMore(known, hours, (half) => this.#extremeOf(statistic, half));
      // Here the two may overlap, so that they can be of one length.
      found = this.#mergeExtremes(statistic, known.get(part)!, hours - part, hours);
      known.set(hours, found);
    }
    return found;
  }

  /** The longest window known below `hours`, made first where even that is less than half of it. */
  #halfOrMore(known: Map<number, unknown>, hours: number, make: (half: number) => void): number {
    let longest = 1;
    for (const length of known.keys()) if (length < hours && length > longest) longest = length;
    if (longest * 2 >= hours) return longest;
    const half = Math.ceil(hours / 2);
    make(half);
    return half;
  }

  /** Joins the last `newerHours` values with the `olderHours` before them. */
  #mergeMoments(newer: Moments, newerHours: number, older: Moments, olderHours: number): Moments {
    const rows = newer.mean.length;
    const hours = newerHours + olderHours;
    const mean = this.#scratch.take(rows);
    const squares = this.#scratch.take(rows);
    const head = Math.min(hours - 1, rows);
    mean.fill(Number.NaN, 0, head);
    squares.fill(Number.NaN, 0, head);
    mergeMoments(newer, newerHours, older, olderHours, { mean, squares });
    return { mean, squares };
  }

  #mergeExtremes(statistic: 'min' | 'max', part: Float64Array, back: number, hours: number): Float64Array {
    const rows = part.length;
    const result = this.#scratch.take(rows);
    const head = Math.min(hours - 1, rows);
    result.fill(Number.NaN, 0, head);
    // No branches: they would be mispredicted every other time. x − x adds 0, or NaN where x is.
    if (statistic === 'min') {
      for (let i = head; i < rows; i++) {
        const newer = part[i]!;
        const older = part[i - back]!;
        result[i] = part[i - back * Number(older < newer)]! + (newer - newer) + (older - older);
      }
    } else {
      for (let i = head; i < rows; i++) {
        const newer = part[i]!;
        const older = part[i - back]!;
        result[i] = part[i - back * Number(older > newer)]! + (newer - newer) + (older - older);
      }
    }
    return result;
  }
}

interface Moments {
  mean: Float64Array;
  /** Sum of squared differences from the mean. */
  squares: Float64Array;
}

function mergeMoments(
  newer: Moments,
  newerHours: number,
  older: Moments,
  olderHours: number,
  { mean, squares }: Moments,
): void {
  const hours = newerHours + olderHours;
  const share = olderHours / hours;
  const weight = (newerHours * olderHours) / hours;
  const [meanA, squaresA, meanB, squaresB] = [newer.mean, newer.squares, older.mean, older.squares];
  for (let i = hours - 1; i < mean.length; i++) {
    const j = i - newerHours;
    const difference = meanB[j]! - meanA[i]!;
    mean[i] = meanA[i]! + difference * share;
    squares[i] = squaresA[i]! + squaresB[j]! + difference * difference * weight;
  }
}
