import { HOUR_SECONDS, fromHourStamp, toHourStamp } from '../../contracts/time.ts';

/** The shipped record: every hour's end from the first to the last, both included. */
export const FIRST_PERIOD = '2015-07-01T00';
export const LAST_PERIOD = '2024-12-31T23';

const FIRST_SECOND = fromHourStamp(FIRST_PERIOD);

export const HOURS = (fromHourStamp(LAST_PERIOD) - FIRST_SECOND) / HOUR_SECONDS + 1;

/** `2018-01-01T00` for each hour index; made once, since a page of replies names 5,000 of them. */
export const PERIODS: readonly string[] = Array.from({ length: HOURS }, (_, hour) =>
  toHourStamp(secondsOfHour(hour)),
);

/** The hour's end in seconds since 1970. */
export function secondsOfHour(hour: number): number {
  return FIRST_SECOND + hour * HOUR_SECONDS;
}

/** The index of the first hour whose end is at or after a time. */
export function hourAtOrAfter(seconds: number): number {
  return Math.ceil((seconds - FIRST_SECOND) / HOUR_SECONDS);
}
