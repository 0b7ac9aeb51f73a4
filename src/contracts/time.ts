import { z } from 'zod';

/** An hour's end in UTC, as EIA writes it: `2018-01-01T00`. */
export const hourStamp = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3])$/, 'must be an hour such as 2018-01-01T00 (UTC)');

/**
 * A calendar bound: `2018`, `2018-05` or `2018-05-17`. As a lower bound it means the first hour of the period,
 * as an upper bound the last one: hours are named by their end, so 2018 is 2018-01-01T01 to 2019-01-01T00 UTC.
 */
export const dateBound = z
  .string()
  .regex(
    /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/,
    'must be a date such as 2018, 2018-05 or 2018-05-17',
  );

/** A half-open-free range of dates, both ends included. */
export const dateRange = z.strictObject({ from: dateBound, to: dateBound });
export type DateRange = z.infer<typeof dateRange>;

export const HOUR_SECONDS = 3600;

/** The first hour's end in a bound's period, in seconds since 1970. */
export function firstHourOf(bound: string): number {
  const [year, month = 1, day = 1] = bound.split('-').map(Number) as [number, number?, number?];
  return Date.UTC(year, month - 1, day) / 1000 + HOUR_SECONDS;
}

/** The last hour's end in a bound's period, in seconds since 1970. */
export function lastHourOf(bound: string): number {
  const [year, month, day] = bound.split('-').map(Number) as [number, number?, number?];
  if (month === undefined) return Date.UTC(year + 1, 0, 1) / 1000;
  if (day === undefined) return Date.UTC(year, month, 1) / 1000;
  return Date.UTC(year, month - 1, day + 1) / 1000;
}

export function toHourStamp(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().slice(0, 13);
}

export function fromHourStamp(stamp: string): number {
  return Date.parse(`${stamp}:00:00Z`) / 1000;
}
