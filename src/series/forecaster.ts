import type { SeriesData } from './series-data.ts';

/**
 * What forecasts a series. Values are standardised; an origin is the first row to forecast, and what is said of it
 * rests on rows before it, and on covariates, which are known ahead.
 */
export interface SeriesForecaster {
  name: string;
  /** How many origins in a row it likes to be asked for at once. */
  batch: number;
  /** `count` origins from `origin` on: count × horizon, row-major. The same array may be given again by the next call. */
  predict(data: SeriesData, target: number, origin: number, count: number): Promise<Float64Array>;
}
