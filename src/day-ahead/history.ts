import type { ValidatedRows } from '../features/validated-rows.ts';

/** An error as large as this is a fault of the record, ln. */
const WILD = 0.6;

/**
 * A region's record as an issue table asks for it: natural logarithms of MW by row, and means of any stretch of them in
 * a moment. A row outside the record, and a value that is not there, is NaN.
 */
export class History {
  /** ln MW as known an hour after each hour's end. */
  readonly known: Float64Array;
  /** ln MW of the operator's day-ahead forecast. */
  readonly operator: Float64Array;
  /** known − operator: by how much the operator was short, relatively. */
  readonly error: Float64Array;
  readonly #operatorAt: Float64Array;
  readonly #sums: { known: Sums; error: Sums };
  readonly #fading = new Map<string, Float64Array>();

  constructor({ demand, forecast }: ValidatedRows) {
    this.known = logarithms(demand);
    this.operator = logarithms(forecast.values);
    this.error = this.known.map((value, row) => {
      const error = value - this.operator[row]!;
      return Math.abs(error) < WILD ? error : Number.NaN;
    });
    this.#operatorAt = forecast.availableAt;
    this.#sums = { known: new Sums(this.known), error: new Sums(this.error) };
  }

  at(series: 'known' | 'error', row: number): number {
    return this[series][row] ?? Number.NaN;
  }

  /** The operator's forecast of a row where it was out at `moment`. */
  operatorBy(row: number, moment: number): number {
    return this.#operatorAt[row]! <= moment ? this.operator[row]! : Number.NaN;
  }

  /** Mean of the values in the `hours` rows up to and with `row`; NaN where fewer than half have one. */
  mean(series: 'known' | 'error', row: number, hours: number): number {
    return this.#sums[series].mean(row + 1 - hours, row + 1);
  }

  /**
   * Mean of the operator's errors up to and with `row`, `every` hours apart, an error counting half as much as one
   * `halfLife` days later.
   */
  fadingError(row: number, every: number, halfLife: number): number {
    const key = `${every}/${halfLife}`;
    let means = this.#fading.get(key);
    if (!means)
      this.#fading.set(key, (means = fadingMeans(this.error, every, 0.5 ** (every / 24 / halfLife))));
    return means[row] ?? Number.NaN;
  }
}

const LEAST_WEIGHT = 1e-3;

function fadingMeans(values: Float64Array, every: number, keep: number): Float64Array {
  const sums = new Float64Array(values.length);
  const weights = new Float64Array(values.length);
  const means = new Float64Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    const there = Number.isFinite(value);
    const before = row - every;
    sums[row] = (before < 0 ? 0 : keep * sums[before]!) + (there ? value : 0);
    weights[row] = (before < 0 ? 0 : keep * weights[before]!) + (there ? 1 : 0);
    means[row] = weights[row]! > LEAST_WEIGHT ? sums[row]! / weights[row]! : Number.NaN;
  }
  return means;
}

const logarithms = (mw: Float64Array) => mw.map((value) => (value > 0 ? Math.log(value) : Number.NaN));

/** Prefix sums of a series with gaps. */
class Sums {
  readonly #sum: Float64Array;
  readonly #count: Float64Array;

  constructor(values: Float64Array) {
    this.#sum = new Float64Array(values.length + 1);
    this.#count = new Float64Array(values.length + 1);
    const [sums, counts] = [this.#sum, this.#count];
    for (let row = 0; row < values.length; row++) {
      const value = values[row]!;
      const there = Number.isFinite(value);
      sums[row + 1] = sums[row]! + (there ? value : 0);
      counts[row + 1] = counts[row]! + (there ? 1 : 0);
    }
  }

  /** Of rows `from` to `to`, excluded. */
  mean(from: number, to: number): number {
    if (from < 0 || to >= this.#sum.length) return Number.NaN;
    const count = this.#count[to]! - this.#count[from]!;
    return 2 * count < to - from ? Number.NaN : (this.#sum[to]! - this.#sum[from]!) / count;
  }
}
