import type { Definition } from './definitions.ts';
import { column, divide, rolling, subtract } from './expression.ts';

/** The operator's day-ahead forecast for the row's own hour, MW. */
export const OPERATOR_FORECAST = 'operator_forecast_mw';
/** The operator's forecast for the same hour of the next day, where it is out already, MW. */
export const OPERATOR_FORECAST_AHEAD = 'operator_forecast_24h_ahead_mw';

const FUEL = /^fuel_([a-z]{2,4})_mw$/;
const WEATHER_UNITS: Record<string, string> = {
  temperature_k: 'K',
  dew_point_k: 'K',
  solar_radiation_w_m2: 'W/m²',
  precipitation_mm_h: 'mm/h',
  wind_speed_m_s: 'm/s',
};
const WEATHER = /^weather_(.+?)(_24h_ahead)?$/;

const optional = (
  name: string,
  unit: string,
  description: string,
  expression = column(name),
): Definition => ({
  name,
  category: 'optional',
  unit,
  expression,
  description,
});

/** The columns that inputs beyond the six add, in the order the inputs stand in the frame. */
export function optionalDefinitions(columns: readonly string[]): Definition[] {
  return columns.flatMap((name) => {
    if (name === OPERATOR_FORECAST) return forecastDefinitions();
    if (name === OPERATOR_FORECAST_AHEAD) {
      return [optional(name, 'MW', "The operator's forecast for the hour 24 h later")];
    }
    const fuel = FUEL.exec(name)?.[1];
    if (fuel) return fuelDefinitions(name, fuel);
    const [, quantity, ahead] = WEATHER.exec(name) ?? [];
    const unit = quantity === undefined ? undefined : WEATHER_UNITS[quantity];
    if (unit === undefined) return [];
    return [
      optional(
        name,
        unit,
        `Weather forecast for ${ahead ? 'the hour 24 h later' : 'the hour'}, newest run known`,
      ),
    ];
  });
}

function forecastDefinitions(): Definition[] {
  const error = subtract(column('demand_mw'), column(OPERATOR_FORECAST));
  return [
    optional(OPERATOR_FORECAST, 'MW', "The operator's day-ahead forecast for the hour"),
    optional('operator_forecast_error_mw', 'MW', 'Demand beyond the forecast', error),
    optional(
      'operator_forecast_error_mean_24h',
      'MW',
      "The forecast's bias over a day",
      rolling(error, 'mean', 24),
    ),
  ];
}

function fuelDefinitions(name: string, fuel: string): Definition[] {
  const share = divide(column(name), column('generation_mw'));
  return [
    optional(name, 'MW', `Net generation of EIA fuel ${fuel.toUpperCase()}`),
    optional(`fuel_${fuel}_share`, '1', 'Share of generation', share),
  ];
}
