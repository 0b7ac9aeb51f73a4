import type { Cell, Columns } from './cell.ts';
import { DAY, MORNING, WEEK } from './spans.ts';

const ERROR_DAYS = [2, 3, 4, 5, 6, 7, 8, 14];
/** Half-lives, in days, of means over the same hour of days and over all hours. */
const SAME_HOUR_LIVES = [3, 7, 20, 60];
const ALL_HOUR_LIVES = [3, 10, 30];
const WEEKS = [4, 8];
const ERROR_HOURS = [0, 1, 2, 3, 6, 9];
const MEAN_HOURS = [6, 24, 72, 168, 672];
const SAME_HOUR_DAYS = [7, 28];

/** The operator's day-ahead forecast of the target and its day, and by how much it has been off lately. */
export const operatorColumns: Columns = {
  group: 'operator',
  toBase: /^operator_to_base$/,
  names: [
    'operator_to_base',
    'operator_to_day',
    'operator_day_to_week',
    'operator_step_before',
    'operator_step_after',
    'operator_change_2d',
    'operator_change_7d',
    'operator_to_known_2d',
    'operator_to_known_7d',
    'operator_error_latest',
    ...ERROR_DAYS.map((days) => `operator_error_${days}d`),
    ...ERROR_HOURS.map((back) => `operator_error_at_${back}h`),
    ...MEAN_HOURS.map((hours) => `operator_error_mean_${hours}h`),
    ...SAME_HOUR_DAYS.map((days) => `operator_error_same_hour_${days}d`),
    ...SAME_HOUR_LIVES.map((days) => `operator_error_same_hour_fading_${days}d`),
    ...ALL_HOUR_LIVES.map((days) => `operator_error_fading_${days}d`),
    ...WEEKS.map((weeks) => `operator_error_same_weekday_${weeks}w`),
    'operator_error_2d_hour_before',
    'operator_error_2d_hour_after',
    'operator_error_morning',
    'operator_error_morning_slope',
    'operator_error_morning_change_1d',
    'operator_error_day_change_1d',
    'operator_error_last_full_day',
    'operator_error_full_day_before',
    'operator_error_full_day_7d',
    'operator_error_last_afternoon',
    'operator_change_1d',
    'operator_step_before_3h',
    'operator_day_change_1d',
    'operator_day_change_2d',
    'operator_day_change_7d',
    'operator_to_known_14d',
  ],
  reach: [
    ...[0, 0, WEEK, 0, 0, 2 * DAY, WEEK, 2 * DAY, WEEK, 2 * DAY],
    ...ERROR_DAYS.map((days) => DAY * days),
    ...ERROR_HOURS.map((back) => back + 1),
    ...MEAN_HOURS,
    ...SAME_HOUR_DAYS.map((days) => DAY * (days + 1)),
    ...SAME_HOUR_LIVES.map((days) => 3 * DAY * days),
    ...ALL_HOUR_LIVES.map((days) => 3 * DAY * days),
    ...WEEKS.map((weeks) => WEEK * weeks),
    ...[2 * DAY + 1, 2 * DAY, MORNING, MORNING, MORNING + DAY, 2 * DAY],
    ...[2 * DAY, 3 * DAY, 9 * DAY, 2 * DAY],
    ...[DAY, 0, DAY, 2 * DAY, WEEK, 2 * WEEK],
  ],
  values: (cell) => {
    const { history, row, standing, season, issuedAt, base } = cell;
    const said = (at: number) => history.operatorBy(at, issuedAt);
    const error = (at: number) => (at <= standing ? history.at('error', at) : Number.NaN);
    const now = said(row);
    const dayBefore = (days: number) =>
      cell.once(`operator day ${days}`, () => dayOf(cell, (at) => said(at - DAY * days)));
    const day = dayBefore(0);
    const mean = (at: number, hours: number) => history.mean('error', at, hours);
    // The last hour of the last day of which all hours are known.
    const fullDay = row - cell.hour - DAY;
    return [
      now - base,
      now - day,
      day - history.mean('known', standing, WEEK),
      now - said(row - 1),
      said(row + 1) - now,
      now - said(row - 2 * DAY),
      now - said(row - WEEK),
      now - history.at('known', row - 2 * DAY),
      now - history.at('known', row - WEEK),
      error(row - season),
      ...ERROR_DAYS.map((days) => error(row - DAY * days)),
      ...ERROR_HOURS.map((back) => error(standing - back)),
      ...MEAN_HOURS.map((hours) => history.mean('error', standing, hours)),
      ...SAME_HOUR_DAYS.map((days) => meanOf(days, (i) => error(row - season - DAY * i))),
      ...SAME_HOUR_LIVES.map((days) => history.fadingError(row - 2 * DAY, DAY, days)),
      ...ALL_HOUR_LIVES.map((days) => history.fadingError(standing, 1, days)),
      ...WEEKS.map((weeks) => meanOf(weeks, (i) => error(row - WEEK * (i + 1)))),
      error(row - 2 * DAY - 1),
      error(row - 2 * DAY + 1),
      mean(standing, MORNING),
      mean(standing, 3) - mean(standing - MORNING + 3, 3),
      mean(standing, MORNING) - mean(standing - DAY, MORNING),
      mean(standing, DAY) - mean(standing - DAY, DAY),
      mean(fullDay, DAY),
      mean(fullDay - DAY, DAY),
      mean(fullDay - 5 * DAY, DAY),
      mean(fullDay - 4, 8),
      now - said(row - DAY),
      now - said(row - 3),
      ...[1, 2, 7].map((days) => day - dayBefore(days)),
      now - history.at('known', row - 2 * WEEK),
    ];
  },
};

/** Mean of what is said of all the hours of the target's day. */
function dayOf({ row, hour }: Cell, said: (row: number) => number): number {
  let sum = 0;
  for (let i = 1; i <= DAY; i++) sum += said(row - hour + i);
  return sum / DAY;
}

/** NaN where fewer than half have a value. */
function meanOf(count: number, value: (i: number) => number): number {
  let [sum, there] = [0, 0];
  for (let i = 0; i < count; i++) {
    const each = value(i);
    if (Number.isNaN(each)) continue;
    sum += each;
    there++;
  }
  return 2 * there < count ? Number.NaN : sum / there;
}
