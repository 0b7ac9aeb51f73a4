import { dayNumber, isHoliday } from '../features/holidays.ts';

const DAY_MS = 86_400_000;
const SOME_LEFT = 0.6;
const OFFICES_ONLY = 0.4;
const HARDLY = 0.15;

/**
 * How much of a holiday's load a local date has, 0 to 1: shops and works close at New Year, Memorial Day, Independence
 * Day, Labor Day, Thanksgiving with its Friday and Christmas; on the eves many do; on the King and Washington birthdays
 * offices; on the others hardly anybody.
 */
export function holidayWeight(day: number): number {
  const date = new Date(day * DAY_MS);
  const [month, dayOfMonth] = [date.getUTCMonth() + 1, date.getUTCDate()];
  if ((month === 12 && dayOfMonth === 24) || (month === 12 && dayOfMonth === 31 && !observedNewYear(day))) {
    return SOME_LEFT;
  }
  if (!isHoliday(day)) return 0;
  if ([5, 7, 9, 12].includes(month) || (month === 11 && dayOfMonth > 20)) return 1;
  if (month === 1) return dayOfMonth <= 2 ? 1 : OFFICES_ONLY;
  return month === 2 ? OFFICES_ONLY : HARDLY;
}

/** 31 December is a holiday itself where New Year falls on a Saturday. */
const observedNewYear = (day: number) =>
  isHoliday(day) && day === dayNumber(new Date(day * DAY_MS).getUTCFullYear(), 12, 31);
