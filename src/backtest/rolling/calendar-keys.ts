import type { RegionCode } from '../../contracts/regions.ts';
import { REGIONS } from '../../contracts/regions.ts';
import { HOUR_SECONDS } from '../../contracts/time.ts';
import { localCalendar } from '../../features/calendar.ts';

/** By what errors are broken down, in the order in which reports show it. */
export const BREAKDOWNS = ['month', 'leadHours', 'localHour', 'weekday', 'holiday', 'peak'] as const;
export type Breakdown = (typeof BREAKDOWNS)[number];

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** Into which group each hour falls. An hour belongs to the day, and to the clock hour, that it begins in. */
export type KeyOf = (row: number) => string | number;

/** `validAt` ascends. */
export function breakdownKeys(
  region: RegionCode,
  { validAt, issuedAt }: { validAt: Float64Array; issuedAt: Float64Array },
): Record<Breakdown, KeyOf> {
  const first = validAt[0] ?? 0;
  const count = validAt.length === 0 ? 0 : (validAt.at(-1)! - first) / HOUR_SECONDS + 1;
  const calendar = localCalendar(REGIONS[region].timeZone, first, count);
  const at = (row: number) => (validAt[row]! - first) / HOUR_SECONDS;
  return {
    // UTC, as everywhere where months are told.
    month: (row) => new Date((validAt[row]! - 1) * 1000).toISOString().slice(0, 7),
    leadHours: (row) => (validAt[row]! - issuedAt[row]!) / HOUR_SECONDS,
    // 0 to 23, as the clock shows it, summer time included.
    localHour: (row) => calendar.hour[at(row)]!,
    weekday: (row) => WEEKDAYS[calendar.day_of_week[at(row)]!]!,
    holiday: (row) => (calendar.is_holiday[at(row)] ? 'holiday' : 'other day'),
    peak: (row) => (calendar.is_peak_hour[at(row)] ? 'peak' : 'off-peak'),
  };
}

/** Groups in the order in which they are read: weekdays from Monday, numbers and months ascending. */
export function inOrder(breakdown: Breakdown, keys: readonly (string | number)[]): (string | number)[] {
  if (breakdown === 'weekday') return WEEKDAYS.filter((day) => keys.includes(day));
  const first = { holiday: 'holiday', peak: 'peak' }[breakdown as string];
  return keys.toSorted((a, b) => (a === first ? -1 : b === first ? 1 : a < b ? -1 : 1));
}
