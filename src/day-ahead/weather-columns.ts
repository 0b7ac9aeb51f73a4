import { HOUR_SECONDS } from '../contracts/time.ts';
import { weatherBy } from '../features/weather.ts';
import type { Cell, Columns } from './cell.ts';
import { DAY } from './spans.ts';

const FREEZING_K = 273.15;
/** Buildings are heated below and cooled above it; the base of degree days, °C. */
const COMFORT_C = 18;
const LAG_DAYS = [1, 2, 7];

/** What the newest run that was out at the issue says of the target hour, and of hours that demand is compared with. */
export const weatherColumns: Columns = {
  group: 'weather',
  names: [
    'temperature_c',
    'cooling_degrees',
    'heating_degrees',
    'cooling_degrees_squared',
    'dew_point_c',
    'solar_w_m2',
    'wind_m_s',
    'rain_mm_h',
    'temperature_day_c',
    'temperature_3h_c',
    'temperature_day_before_c',
    ...LAG_DAYS.map((days) => `temperature_change_${days}d`),
    ...LAG_DAYS.map((days) => `cooling_change_${days}d`),
    ...LAG_DAYS.map((days) => `heating_change_${days}d`),
    ...LAG_DAYS.map((days) => `dew_point_change_${days}d`),
    ...LAG_DAYS.map((days) => `solar_change_${days}d`),
  ],
  values: (cell) => {
    const said = (quantity: Quantity, back: number) => saidOf(cell, quantity, back);
    const celsius = (back: number) => said('temperature_k', back) - FREEZING_K;
    const cooling = (back: number) => Math.max(0, celsius(back) - COMFORT_C);
    const heating = (back: number) => Math.max(0, COMFORT_C - celsius(back));
    const change = (of: (back: number) => number) => LAG_DAYS.map((days) => of(0) - of(DAY * days));
    const mean = (from: number, hours: number) => meanOf(celsius, from, hours);
    return [
      celsius(0),
      cooling(0),
      heating(0),
      cooling(0) ** 2,
      said('dew_point_k', 0) - FREEZING_K,
      said('solar_radiation_w_m2', 0),
      said('wind_speed_m_s', 0),
      said('precipitation_mm_h', 0),
      mean(cell.hour - DAY, DAY),
      mean(0, 3),
      mean(cell.hour, DAY),
      ...change(celsius),
      ...change(cooling),
      ...change(heating),
      ...change((back) => said('dew_point_k', back)),
      ...change((back) => said('solar_radiation_w_m2', back)),
    ];
  },
};

type Quantity = Parameters<NonNullable<Cell['weather']>['get']>[0];

/** Of the hour `back` hours before the target: a past hour's forecast is the newest that there was at the issue. */
function saidOf({ weather, validAt, issuedAt }: Cell, quantity: Quantity, back: number): number {
  const runs = weather?.get(quantity);
  return runs ? weatherBy(runs, validAt - back * HOUR_SECONDS, issuedAt) : Number.NaN;
}

/** Mean over `hours` hours, the latest of them `back` hours before the target. */
function meanOf(value: (back: number) => number, back: number, hours: number): number {
  let sum = 0;
  for (let i = 0; i < hours; i++) sum += value(back + i);
  return sum / hours;
}
