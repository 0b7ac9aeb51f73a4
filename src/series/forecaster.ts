import type { SeriesData } from './series-data.ts';

/**
 * What forecasts a series. Values are standardised; an origin is the first row to forecast, and what is said of it
 * rests on rows before it, and on covariates, which are known ahead.
 */
export interface SeriesForecaster {
  name: string;
  /** Whether it was trained for this series; the others are what it is to beat. */
  learned: boolean;
  /** `count` origins from `origin` on: count × horizon, row-major. */
  predict(data: SeriesData, target: number, origin: number, count: number): Promise<Float64Array>;
}
