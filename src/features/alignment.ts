import { HOUR_SECONDS } from '../contracts/time.ts';

const DAY_HOURS = 24;
/** A value older than a week says nothing of today's sun or wind. */
const OLDEST_DAYS = 7;

/** A series of contiguous hours and when each value could first be known, seconds since 1970 UTC; NaN: no value. */
export interface DatedSeries {
  values: Float64Array;
  availableAt: Float64Array;
}

/** Row t of a feature table stands for the moment when demand of the hour ending t has just become known. */
export const knownAt = (validAt: number) => validAt + HOUR_SECONDS;

/**
 * At every row the newest value of the same hour of the day that was known by then: the hour's own where it was
 * out already, else that of 24 h before, 48 h before … up to a week. Generation by fuel is published at noon of the
 * next day, so the hour's own value would look into the future.
 * @param first the first row's hour end, seconds since 1970 UTC
 */
export function alignAsKnown({ values, availableAt }: DatedSeries, first: number): Float64Array {
  return Float64Array.from(values, (_value, row) => {
    const now = knownAt(first + row * HOUR_SECONDS);
    for (let days = 0; days <= OLDEST_DAYS; days++) {
      const source = row - days * DAY_HOURS;
      if (source < 0) break;
      if (availableAt[source]! <= now && Number.isFinite(values[source]!)) return values[source]!;
    }
    return Number.NaN;
  });
}

/** At every row the value valid `ahead` hours later, where it was known by then: for forecasts. */
export function aheadAsKnown(
  { values, availableAt }: DatedSeries,
  first: number,
  ahead: number,
): Float64Array {
  return Float64Array.from(values, (_value, row) => {
    const source = row + ahead;
    const known = source < values.length && availableAt[source]! <= knownAt(first + row * HOUR_SECONDS);
    return known ? values[source]! : Number.NaN;
  });
}
