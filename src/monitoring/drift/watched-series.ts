import { REGIONS, type RegionCode } from '../../contracts/regions.ts';
import { HOUR_SECONDS } from '../../contracts/time.ts';
import type { ValidatedRows } from '../../features/validated-rows.ts';

/** An input of forecasts as it is watched: one value an hour of the record, NaN where there is none. */
export interface WatchedSeries {
  name: string;
  label: string;
  values: Float64Array;
  /**
   * How it is compared: as a ratio to, or a difference from, its mean of the eight weeks before the window, so that growth
   * over the years and what has lasted for months are no drift; or as it is.
   */
  against: 'recent level' | 'recent mean' | 'nothing';
}

export const DAY_HOURS = 24;

/** What is watched of a region; a series that the record has nothing of is left out. */
export function watchedSeries(rows: ValidatedRows): WatchedSeries[] {
  const { demandFinal: demand, forecast, generation, solar, wind } = rows;
  const level = (name: string, label: string, values: Float64Array): WatchedSeries => ({
    ...{ name, label, values, against: 'recent level' },
  });
  const all: WatchedSeries[] = [
    level('demand', 'demand, level', demand),
    { name: 'demand_shape', label: 'demand, shape of the day', values: shapeOf(rows), against: 'nothing' },
    {
      name: 'operator_error',
      label: 'operator’s forecast to demand',
      values: demand.map((mw, row) => logRatio(forecast.values[row]!, mw)),
      against: 'recent mean',
    },
    level('generation', 'net generation, level', generation.values),
    level('solar', 'solar, level', solar.values),
    level('wind', 'wind, level', wind.values),
  ];
  return all.filter(({ values }) => values.some(Number.isFinite));
}

/** ln of an hour's demand over the mean of its local standard day. */
function shapeOf({ region, first, demandFinal }: ValidatedRows): Float64Array {
  const shape = new Float64Array(demandFinal.length).fill(Number.NaN);
  const begin = (DAY_HOURS - localHour(first, region)) % DAY_HOURS;
  for (let row = begin; row + DAY_HOURS <= shape.length; row += DAY_HOURS) {
    const day = demandFinal.subarray(row, row + DAY_HOURS);
    const mean = day.reduce((sum, mw) => sum + mw, 0) / DAY_HOURS;
    for (let h = 0; h < DAY_HOURS; h++) shape[row + h] = logRatio(day[h]!, mean);
  }
  return shape;
}

/** 0 of the hour that begins the local standard day, 23 of the one that ends it. */
export function localHour(validAt: number, region: string): number {
  const { standardOffsetHours } = REGIONS[region as RegionCode];
  const local = validAt / HOUR_SECONDS + standardOffsetHours - 1;
  return ((local % DAY_HOURS) + DAY_HOURS) % DAY_HOURS;
}

export const logRatio = (a: number, b: number) => (a > 0 && b > 0 ? Math.log(a / b) : Number.NaN);
