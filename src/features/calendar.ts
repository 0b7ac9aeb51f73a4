import type { CalendarField } from './expression.ts';
import { isHoliday, weekdayOf, dayNumber } from './holidays.ts';
import { zoneOffsets } from './local-time.ts';

const HOUR = 3600;
const DAY = 86_400;
const [PEAK_FROM, PEAK_TO] = [6, 22];
const SATURDAY = 5;

export const SEASONS = ['winter', 'spring', 'summer', 'autumn'] as const;
export const DAY_TYPES = ['workday', 'saturday', 'sunday', 'holiday'] as const;

export interface Calendar extends Record<CalendarField, Float64Array> {
  /** Days since 1970 of the local date. */
  day: Int32Array;
  /** Codes into `SEASONS` and `DAY_TYPES`. */
  season: Uint8Array;
  dayType: Uint8Array;
}

interface LocalDate {
  day: number;
  weekday: number;
  dayOfMonth: number;
  dayOfYear: number;
  month: number;
  holiday: boolean;
}

/**
 * The local calendar of hours named by their ends, `first`, `first` + 1 h … (seconds, UTC). An hour belongs to the
 * day it begins in: the one that ends at local midnight is hour 23 of the day before.
 */
export function localCalendar(timeZone: string, first: number, count: number): Calendar {
  const fields = (): Float64Array => new Float64Array(count);
  const result: Calendar = {
    day: new Int32Array(count),
    hour: fields(),
    day_of_week: fields(),
    day_of_month: fields(),
    day_of_year: fields(),
    month: fields(),
    is_weekend: fields(),
    is_holiday: fields(),
    is_peak_hour: fields(),
    season: new Uint8Array(count),
    dayType: new Uint8Array(count),
  };
  const { starts, offsets } = zoneOffsets(timeZone, first - HOUR, first + count * HOUR);
  let step = 0;
  let date = localDate(Number.NaN);
  for (let i = 0; i < count; i++) {
    const begin = first + (i - 1) * HOUR;
    while (step + 1 < starts.length && begin >= starts[step + 1]!) step++;
    const local = begin + offsets[step]!;
    const day = Math.floor(local / DAY);
    if (day !== date.day) date = localDate(day);
    const hour = Math.floor((local - day * DAY) / HOUR);
    const weekend = date.weekday >= SATURDAY;
    result.day[i] = day;
    result.hour[i] = hour;
    result.day_of_week[i] = date.weekday;
    result.day_of_month[i] = date.dayOfMonth;
    result.day_of_year[i] = date.dayOfYear;
    result.month[i] = date.month;
    result.is_weekend[i] = Number(weekend);
    result.is_holiday[i] = Number(date.holiday);
    result.is_peak_hour[i] = Number(!weekend && !date.holiday && hour >= PEAK_FROM && hour < PEAK_TO);
    result.season[i] = Math.floor((date.month % 12) / 3);
    result.dayType[i] = date.holiday ? 3 : weekend ? date.weekday - SATURDAY + 1 : 0;
  }
  return result;
}

function localDate(day: number): LocalDate {
  if (Number.isNaN(day)) {
    return { day, weekday: 0, dayOfMonth: 0, dayOfYear: 0, month: 0, holiday: false };
  }
  const date = new Date(day * DAY * 1000);
  const year = date.getUTCFullYear();
  return {
    day,
    weekday: weekdayOf(day),
    dayOfMonth: date.getUTCDate(),
    dayOfYear: day - dayNumber(year, 1, 1) + 1,
    month: date.getUTCMonth() + 1,
    holiday: isHoliday(day),
  };
}
