import { REGIONS, type RegionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS } from '../contracts/time.ts';

/** Whose clock a day-ahead forecast follows: the operator's, who makes it, or EIA's, who publishes it later. */
export type DfAvailability = 'operator' | 'eia';

const DAY_SECONDS = 24 * HOUR_SECONDS;
const NOON = 12 * HOUR_SECONDS;

/** The local standard hour at which the operator's forecast of the next day is taken to be there. */
const OPERATOR_FORECAST_HOUR = 10;

/**
 * How long after its hour a revised demand is taken to have come out. Nobody recorded when it did; half a year is
 * longer than the few months within which most resubmissions of Form EIA-930 come.
 */
export const REVISION_DELAY_SECONDS = 180 * DAY_SECONDS;

/** A weather run is there 6 h after the time it is named by. */
export const WEATHER_RUN_DELAY_SECONDS = 6 * HOUR_SECONDS;

/**
 * When the first published value of an hour could be known, by rule, because the archive holds no publication
 * times; rows made with it carry the basis `assumed`. All times are seconds since 1970, `validAt` is the hour's end.
 *
 * - `D`: one hour after the hour's end.
 * - `DF`: 10:00 local standard time of the day before the operating day (`operator`), or 12:00 UTC of the operating
 *   day's date (`eia`). The operating day is the local standard day in which the hour *begins*, so that the hours
 *   ending 01:00 to 24:00 make one day.
 * - everything else (`NG`, `TI`, `FUEL:*`): 12:00 UTC of the day after the UTC day in which the hour begins.
 */
export function availableAt(
  series: string,
  validAt: number,
  region: RegionCode,
  dfAvailability: DfAvailability = 'operator',
): number {
  if (series === 'D') return validAt + HOUR_SECONDS;
  if (series === 'DF') return forecastAvailableAt(validAt, region, dfAvailability);
  return startOfDay(validAt - HOUR_SECONDS) + DAY_SECONDS + NOON;
}

/** When the revised demand of an hour could be known: see `REVISION_DELAY_SECONDS`. */
export function revisionAvailableAt(validAt: number): number {
  return validAt + REVISION_DELAY_SECONDS;
}

function forecastAvailableAt(validAt: number, region: RegionCode, basis: DfAvailability): number {
  const offset = REGIONS[region].standardOffsetHours * HOUR_SECONDS;
  const operatingDay = startOfDay(validAt - HOUR_SECONDS + offset);
  return basis === 'eia'
    ? operatingDay + NOON
    : operatingDay - DAY_SECONDS + OPERATOR_FORECAST_HOUR * HOUR_SECONDS - offset;
}

const startOfDay = (seconds: number) => Math.floor(seconds / DAY_SECONDS) * DAY_SECONDS;
