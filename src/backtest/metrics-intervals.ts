/** A central interval: between which of a forecast's levels it lies. */
export interface Interval {
  /** Of hours it is to cover, 0 to 1. */
  nominal: number;
  lower: number;
  upper: number;
}

/** Scored wherever a forecaster has the levels. */
export const INTERVALS: readonly Interval[] = [
  { nominal: 0.8, lower: 0.1, upper: 0.9 },
  { nominal: 0.9, lower: 0.05, upper: 0.95 },
];

export interface IntervalMeans {
  nominal: number;
  /** Part of the hours that lie inside, ends included; 0 to 1. */
  coverage: number;
  /** Sharpness: mean width, MW. */
  width: number;
  /** Mean of width / actual, percent. */
  widthPercent: number;
  /** Interval score, MW: width, and 2/α times how far outside an hour lies (Winkler 1972; Gneiting & Raftery 2007). */
  winkler: number;
}

/** Sums over one interval of one forecaster. */
export class IntervalSums {
  hours = 0;
  readonly interval: Interval;
  #inside = 0;
  #width = 0;
  #relative = 0;
  #winkler = 0;

  constructor(interval: Interval) {
    this.interval = interval;
  }

  /** MW; `actual` must be positive. */
  add(lower: number, upper: number, actual: number): void {
    const alpha = 1 - this.interval.nominal;
    const outside = Math.max(lower - actual, actual - upper, 0);
    this.hours += 1;
    this.#inside += outside === 0 ? 1 : 0;
    this.#width += upper - lower;
    this.#relative += (upper - lower) / actual;
    this.#winkler += upper - lower + (2 / alpha) * outside;
  }

  /** Null without hours. */
  means(): IntervalMeans | null {
    const { hours } = this;
    if (hours === 0) return null;
    return {
      nominal: this.interval.nominal,
      coverage: this.#inside / hours,
      width: this.#width / hours,
      widthPercent: (100 * this.#relative) / hours,
      winkler: this.#winkler / hours,
    };
  }
}
