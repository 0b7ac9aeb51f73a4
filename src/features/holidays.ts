const DAY = 86_400;

/** Days since 1970-01-01 of a date; months count from 1. */
export const dayNumber = (year: number, month: number, day: number) =>
  Date.UTC(year, month - 1, day) / 1000 / DAY;

/** Monday 0 to Sunday 6; day 0 was a Thursday. */
export const weekdayOf = (day: number) => (((day + 3) % 7) + 7) % 7;

/** The n-th Monday (or other weekday) of a month; n = −1 is the last. */
function nthWeekday(year: number, month: number, weekday: number, n: number): number {
  if (n > 0) {
    const first = dayNumber(year, month, 1);
    return first + ((weekday - weekdayOf(first) + 7) % 7) + 7 * (n - 1);
  }
  const last = dayNumber(year, month + 1, 1) - 1;
  return last - ((weekdayOf(last) - weekday + 7) % 7);
}

const [MONDAY, THURSDAY, SATURDAY, SUNDAY] = [0, 3, 5, 6];

/** Since 2021. */
const JUNETEENTH_FIRST_YEAR = 2021;

/**
 * Days of a year on which US load is a holiday's, as days since 1970: the federal holidays (5 U.S.C. 6103), the
 * weekday on which one that falls on a weekend is observed, the day after Thanksgiving and Christmas Eve.
 */
export function holidaysOf(year: number): Set<number> {
  const fixed = [
    dayNumber(year, 1, 1),
    ...(year >= JUNETEENTH_FIRST_YEAR ? [dayNumber(year, 6, 19)] : []),
    dayNumber(year, 7, 4),
    dayNumber(year, 11, 11),
    dayNumber(year, 12, 25),
    // Observed on 31 December of this year when it falls on a Saturday.
    dayNumber(year + 1, 1, 1),
  ];
  const thanksgiving = nthWeekday(year, 11, THURSDAY, 4);
  const days = [
    ...fixed.flatMap((day) => [day, observed(day)]),
    nthWeekday(year, 1, MONDAY, 3),
    nthWeekday(year, 2, MONDAY, 3),
    nthWeekday(year, 5, MONDAY, -1),
    nthWeekday(year, 9, MONDAY, 1),
    nthWeekday(year, 10, MONDAY, 2),
    thanksgiving,
    thanksgiving + 1,
    dayNumber(year, 12, 24),
  ];
  return new Set(days.filter((day) => new Date(day * DAY * 1000).getUTCFullYear() === year));
}

function observed(day: number): number {
  const weekday = weekdayOf(day);
  return weekday === SATURDAY ? day - 1 : weekday === SUNDAY ? day + 1 : day;
}

const cache = new Map<number, Set<number>>();

/** Whether a local date, in days since 1970, is a holiday. */
export function isHoliday(day: number): boolean {
  const year = new Date(day * DAY * 1000).getUTCFullYear();
  let days = cache.get(year);
  if (!days) cache.set(year, (days = holidaysOf(year)));
  return days.has(day);
}
