import type { Cell, Columns } from './cell.ts';

const ERROR_DAYS = [2, 3, 4, 5, 6, 7, 14];
const ERROR_HOURS = [0, 1, 2, 3, 6, 9];
const MEAN_HOURS = [6, 24, 72, 168, 672];
const SAME_HOUR_DAYS = [7, 28];
const DAY = 24;
const WEEK = 168;

/** The operator's day-ahead forecast of the target and its day, and by how much it has been off lately. */
export const operatorColumns: Columns = {
  group: 'operator',
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
  ],
  reach: [
    ...[0, 0, WEEK, 0, 0, 2 * DAY, WEEK, 2 * DAY, WEEK, 2 * DAY],
    ...ERROR_DAYS.map((days) => DAY * days),
    ...ERROR_HOURS.map((back) => back + 1),
    ...MEAN_HOURS,
    ...SAME_HOUR_DAYS.map((days) => DAY * (days + 1)),
  ],
  values: (cell) => {
    const { history, row, standing, season, issuedAt, base } = cell;
    const said = (at: number) => history.operatorBy(at, issuedAt);
    const error = (at: number) => (at <= standing ? history.at('error', at) : Number.NaN);
    const now = said(row);
    const day = dayOf(cell, said);
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
      ...SAME_HOUR_DAYS.map((days) => sameHourMean(days, (i) => error(row - season - DAY * i))),
    ];
  },
};

/** Mean of what is said of all the hours of the target's day. */
function dayOf({ row, hour }: Cell, said: (row: number) => number): number {
  let sum = 0;
  for (let i = 1; i <= DAY; i++) sum += said(row - hour + i);
  return sum / DAY;
}

/** NaN where fewer than half of the days have a value. */
function sameHourMean(days: number, value: (i: number) => number): number {
  const there = Array.from({ length: days }, (_, i) => value(i)).filter((each) => !Number.isNaN(each));
  return 2 * there.length < days ? Number.NaN : there.reduce((sum, each) => sum + each, 0) / there.length;
}
