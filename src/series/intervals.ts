/** What is added to a forecast for the ends of its 80 % interval, by step ahead, of standardised values. */
export interface Interval {
  lower: number[];
  upper: number[];
}

const LOWER = 0.1;
const UPPER = 0.9;
/** Windows that the quantiles are taken of, spread evenly; neighbours differ by one row and say nearly the same. */
const MOST_WINDOWS = 1000;

/** Collects what a forecaster errs by on a part that it was not trained on, for quantiles of it. */
export class ErrorSample {
  readonly #stride: number;
  /** By step ahead. */
  readonly #errors: number[][];
  #seen = 0;

  constructor(windows: number, horizon: number) {
    this.#stride = Math.ceil(windows / MOST_WINDOWS);
    this.#errors = Array.from({ length: horizon }, () => []);
  }

  add(answers: Float64Array, truth: Float64Array, origin: number, count: number): void {
    const horizon = this.#errors.length;
    for (let i = 0; i < count; i++) {
      if (this.#seen++ % this.#stride !== 0) continue;
      for (let h = 0; h < horizon; h++) {
        this.#errors[h]!.push(truth[origin + i + h]! - answers[i * horizon + h]!);
      }
    }
  }

  interval(): Interval {
    const sorted = this.#errors.map((all) => Float64Array.from(all).sort());
    return {
      lower: sorted.map((all) => quantile(all, LOWER)),
      upper: sorted.map((all) => quantile(all, UPPER)),
    };
  }
}

/** Linear between order statistics. */
export function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below + (above - below) * (place - Math.floor(place));
}

/** How many of these answers' steps came inside the interval. */
export function countInside(
  { lower, upper }: Interval,
  answers: Float64Array,
  truth: Float64Array,
  origin: number,
  count: number,
): number {
  const horizon = lower.length;
  let inside = 0;
  for (let i = 0; i < count; i++) {
    for (let h = 0; h < horizon; h++) {
      const error = truth[origin + i + h]! - answers[i * horizon + h]!;
      if (error >= lower[h]! && error <= upper[h]!) inside++;
    }
  }
  return inside;
}
