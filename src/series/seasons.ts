import { DAY_SECONDS } from './times.ts';

const WEEK_DAYS = 7;

/** Seasons in rows that a series of this step is likely to have: a day and a week; of days, a week. */
export function seasonsOf(step: number): { day?: number; week?: number } {
  const day = DAY_SECONDS / step;
  return {
    ...(day > 1 && Number.isInteger(day) ? { day } : {}),
    ...(WEEK_DAYS * day > 1 && Number.isInteger(WEEK_DAYS * day) ? { week: WEEK_DAYS * day } : {}),
  };
}
