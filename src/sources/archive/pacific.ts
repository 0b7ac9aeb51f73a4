import { DateTime } from 'luxon';
import { HOUR_SECONDS } from '../../contracts/time.ts';
import type { Interval } from './oasis-reports.ts';

const PACIFIC = 'America/Los_Angeles';

/**
 * The hour that ends at a time, on CAISO's calendar. Hours are numbered as they pass since Pacific midnight, so that
 * the day daylight saving ends counts to 25 and the day it begins to 23.
 */
export function pacificInterval(endSeconds: number): Interval {
  const start = DateTime.fromSeconds(endSeconds - HOUR_SECONDS, { zone: PACIFIC });
  const sinceMidnight = start.toSeconds() - start.startOf('day').toSeconds();
  return {
    startGmt: gmt(endSeconds - HOUR_SECONDS),
    endGmt: gmt(endSeconds),
    operatingDay: start.toFormat('yyyy-MM-dd'),
    operatingHour: Math.floor(sinceMidnight / HOUR_SECONDS) + 1,
  };
}

/** The Pacific date of a time, as file names have it: `20190701`. */
export const pacificDate = (seconds: number) =>
  DateTime.fromSeconds(seconds, { zone: PACIFIC }).toFormat('yyyyMMdd');

export const pacificStamp = (seconds: number) =>
  DateTime.fromSeconds(seconds, { zone: PACIFIC }).toFormat('yyyyMMdd_HH_mm_ss');

const gmt = (seconds: number) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}-00:00`;
