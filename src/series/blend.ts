import type { SeriesForecaster } from './forecaster.ts';

/** The mix of two forecasters, a share of the second a target: least squares on the validation part. */

export const BLEND = 'blend';

/** Sums that the best share of `second` follows from. */
export class BlendFit {
  #products = 0;
  #squares = 0;

  add(first: Float64Array, second: Float64Array, truth: Float64Array, origin: number, count: number): void {
    const horizon = first.length / count;
    for (let i = 0; i < count; i++) {
      for (let h = 0; h < horizon; h++) {
        const at = i * horizon + h;
        const apart = second[at]! - first[at]!;
        this.#products += (truth[origin + i + h]! - first[at]!) * apart;
        this.#squares += apart * apart;
      }
    }
  }

  /** Between 0 and 1: a share beyond would bet on what the two differ in. */
  get share(): number {
    return this.#squares === 0 ? 0 : Math.min(1, Math.max(0, this.#products / this.#squares));
  }
}

export const mix = (first: Float64Array, second: Float64Array, share: number): Float64Array =>
  first.map((value, i) => value + share * (second[i]! - value));

export function blendForecaster(
  [first, second]: readonly [SeriesForecaster, SeriesForecaster],
  shares: readonly number[],
): SeriesForecaster {
  return {
    name: BLEND,
    learned: true,
    async predict(data, target, origin, count) {
      const one = await first.predict(data, target, origin, count);
      return mix(one, await second.predict(data, target, origin, count), shares[target]!);
    },
  };
}
