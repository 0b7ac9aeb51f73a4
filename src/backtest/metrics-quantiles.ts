/**
 * Pinball (quantile) loss of a forecast `q` of level `tau` (Koenker & Bassett, Regression quantiles, 1978); in the
 * forecast's own unit.
 */
export function pinball(q: number, tau: number, actual: number): number {
  return ((actual < q ? 1 : 0) - tau) * (q - actual);
}

/**
 * Continuous ranked probability score of one forecast given by quantiles `q` at ascending `levels`:
 * CRPS = 2 ∫₀¹ pinball dτ (Gneiting & Ranjan, Comparing density forecasts, 2011, eq. 17), by the trapezoid rule between
 * the levels. Below the first and above the last level the distribution is taken to end at that quantile, where the
 * integral is exact; a forecast of the median alone then scores its absolute error.
 */
export function crps(q: ArrayLike<number>, levels: readonly number[], actual: number): number {
  const last = levels.length - 1;
  const below = (actual < q[0]! ? 1 : 0) * levels[0]! - levels[0]! ** 2 / 2;
  const above = (actual < q[last]! ? 1 : 0) * (1 - levels[last]!) - (1 - levels[last]! ** 2) / 2;
  let sum = below * (q[0]! - actual) + above * (q[last]! - actual);
  for (let k = 1; k <= last; k++) {
    const ends = pinball(q[k - 1]!, levels[k - 1]!, actual) + pinball(q[k]!, levels[k]!, actual);
    sum += ((levels[k]! - levels[k - 1]!) * ends) / 2;
  }
  return 2 * sum;
}

export interface QuantileMeans {
  /** MW, one a level. */
  pinball: number[];
  /** MW. */
  crps: number;
  /** Mean of CRPS / actual, percent: comparable with MAPE. */
  crpsPercent: number;
}

/** Sums of one forecaster's quantile scores. */
export class QuantileSums {
  hours = 0;
  readonly levels: readonly number[];
  #pinball: Float64Array;
  #crps = 0;
  #relative = 0;

  constructor(levels: readonly number[]) {
    this.levels = levels;
    this.#pinball = new Float64Array(levels.length);
  }

  /** MW; `actual` must be positive, every quantile there. */
  add(q: ArrayLike<number>, actual: number): void {
    this.hours += 1;
    for (let k = 0; k < this.levels.length; k++) this.#pinball[k]! += pinball(q[k]!, this.levels[k]!, actual);
    const score = crps(q, this.levels, actual);
    this.#crps += score;
    this.#relative += score / actual;
  }

  /** Null without hours. */
  means(): QuantileMeans | null {
    if (this.hours === 0) return null;
    return {
      pinball: Array.from(this.#pinball, (sum) => sum / this.hours),
      crps: this.#crps / this.hours,
      crpsPercent: (100 * this.#relative) / this.hours,
    };
  }
}
