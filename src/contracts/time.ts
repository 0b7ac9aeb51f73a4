import { z } from 'zod';
import { HOUR_SECONDS } from './hour.ts';

export { HOUR_SECONDS };

/** Years that a date may name: EIA's hourly record begins in 2015, and no stage looks a century ahead. */
const FIRST_YEAR = 2000;
const LAST_YEAR = 2100;

/** An hour's end in UTC, as EIA writes it: `2018-01-01T00`; to 2101-01-01T00, which ends the year 2100. */
export const hourStamp = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3])$/, {
    error: 'must be an hour such as 2018-01-01T00 (UTC)',
    abort: true,
  })
  .refine((stamp) => isInCalendar(stamp.slice(0, 10)), { error: notInCalendar, abort: true })
  .refine((stamp) => isInYears(stamp) || stamp === `${LAST_YEAR + 1}-01-01T00`, { error: notInYears });

/**
 * A calendar bound: `2018`, `2018-05` or `2018-05-17`. As a lower bound it means the first hour of the period,
 * as an upper bound the last one: hours are named by their end, so 2018 is 2018-01-01T01 to 2019-01-01T00 UTC.
 */
export const dateBound = z
  .string()
  .regex(/^\d{4}(-\d{2}){0,2}$/, {
    error: 'must be a date such as 2018, 2018-05 or 2018-05-17',
    abort: true,
  })
  .refine(isInCalendar, { error: notInCalendar, abort: true })
  .refine(isInYears, { error: notInYears });

/** A half-open-free range of dates, both ends included. */
export const dateRange = z.strictObject({ from: dateBound, to: dateBound });
export type DateRange = z.infer<typeof dateRange>;

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

/** The UTC date that a moment lies in. */
export const toDate = (epochSeconds: number): string => toHourStamp(epochSeconds).slice(0, 10);

export function fromHourStamp(stamp: string): number {
  return Date.parse(`${stamp}:00:00Z`) / 1000;
}

/** `Date` alone would take 31 February for 2 March. */
function isInCalendar(date: string): boolean {
  const whole = `${date}${'-01-01'.slice(date.length - 4)}`;
  const time = Date.parse(`${whole}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date);
}

function isInYears(date: string): boolean {
  const year = Number(date.slice(0, 4));
  return year >= FIRST_YEAR && year <= LAST_YEAR;
}

function notInCalendar({ input }: { input?: unknown }): string {
  return `must be a date of the calendar, which ${String(input)} is not`;
}

function notInYears({ input }: { input?: unknown }): string {
  return `must lie in the years ${FIRST_YEAR} to ${LAST_YEAR}, which ${String(input)} does not`;
}
