/**
 * Sums of one forecaster's errors, in float64. MAPE is the mean of |error| / actual; MASE is MAE over the in-sample
 * MAE of a seasonal naive forecast (Hyndman & Koehler, Another look at measures of forecast accuracy, 2006).
 */
export class ErrorSums {
  hours = 0;
  #absolute = 0;
  #squared = 0;
  #relative = 0;

  /** Both in MW; `actual` must be positive. */
  add(forecast: number, actual: number): void {
    const error = Math.abs(forecast - actual);
    this.hours += 1;
    this.#absolute += error;
    this.#squared += error * error;
    this.#relative += error / actual;
  }

  /** MW; null without hours. */
  get mae(): number | null {
    return this.#mean(this.#absolute);
  }

  /** MW; null without hours. */
  get rmse(): number | null {
    const mean = this.#mean(this.#squared);
    return mean === null ? null : Math.sqrt(mean);
  }

  /** Percent; null without hours. */
  get mape(): number | null {
    const mean = this.#mean(this.#relative);
    return mean === null ? null : 100 * mean;
  }

  /** A ratio; null without hours or where the scale is unknown. */
  mase(scaleMw: number | null): number | null {
    const { mae } = this;
    return mae === null || scaleMw === null || scaleMw === 0 ? null : mae / scaleMw;
  }

  #mean(sum: number): number | null {
    return this.hours === 0 ? null : sum / this.hours;
  }
}

/** Season of the naive forecast that MASE is scaled by: demand repeats by the week as well as by the day. */
export const MASE_SEASON_HOURS = 168;

/**
 * In-sample MAE of the seasonal naive forecast over rows `from` to `to` (excluded) of hourly demand, MW; hours
 * without both values are left out; null when there is none.
 */
export function seasonalNaiveScale(
  demand: ArrayLike<number>,
  from: number,
  to: number,
  season = MASE_SEASON_HOURS,
): number | null {
  let sum = 0;
  let hours = 0;
  for (let i = Math.max(from, 0) + season; i < Math.min(to, demand.length); i++) {
    const error = Math.abs(demand[i]! - demand[i - season]!);
    if (!Number.isFinite(error)) continue;
    sum += error;
    hours += 1;
  }
  return hours === 0 ? null : sum / hours;
}
