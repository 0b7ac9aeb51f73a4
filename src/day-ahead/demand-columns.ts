import type { Columns } from './cell.ts';
import { DAY, MORNING, WEEK } from './spans.ts';

const LAG_DAYS = [2, 3, 4, 5, 6, 7, 8, 14, 21, 28];
const RECENT_HOURS = [0, 1, 2, 3, 6, 9, 12];
/** The same weekday of the year before. */
const YEAR = 52 * WEEK;

/** Demand at the same hour of days before, as log-ratio to the base. */
export const lagColumns: Columns = {
  group: 'lags',
  toBase: /^(?!.*change)/,
  names: [
    'latest_known',
    ...LAG_DAYS.map((days) => `lag_${days}d`),
    'lag_weeks_mean',
    'lag_days_mean',
    'lag_2d_hour_before',
    'lag_2d_hour_after',
    'lag_7d_hour_before',
    'lag_7d_hour_after',
    'lag_2d_change_7d',
    'lag_7d_change_7d',
  ],
  reach: [
    2 * DAY,
    ...LAG_DAYS.map((days) => DAY * days),
    4 * WEEK,
    8 * DAY,
    2 * DAY + 1,
    2 * DAY,
    WEEK + 1,
    WEEK,
    9 * DAY,
    2 * WEEK,
  ],
  values: ({ history, row, season, base }) => {
    const at = (back: number) => history.at('known', row - back) - base;
    return [
      at(season),
      ...LAG_DAYS.map((days) => at(DAY * days)),
      meanOf([1, 2, 3, 4].map((weeks) => at(WEEK * weeks))),
      meanOf([2, 3, 4, 5, 6, 7, 8].map((days) => at(DAY * days))),
      at(2 * DAY + 1),
      at(2 * DAY - 1),
      at(WEEK + 1),
      at(WEEK - 1),
      at(2 * DAY) - at(9 * DAY),
      at(WEEK) - at(2 * WEEK),
    ];
  },
};

/** The newest known hours against those a day and a week before, and the level that demand has come to. */
export const recentColumns: Columns = {
  group: 'recent',
  toBase: /^level_/,
  names: [
    ...RECENT_HOURS.map((back) => `change_1d_at_${back}h`),
    ...RECENT_HOURS.map((back) => `change_7d_at_${back}h`),
    'level_1h',
    'level_1d',
    'level_2d',
    'level_7d',
    'level_28d',
    'change_1d_of_day',
    'change_7d_of_day',
    'change_7d_of_week',
    'day_to_week',
    'day_before_to_week',
    'week_ago_day_to_week',
    'three_days_to_week',
    'week_to_month',
    'morning_slope',
    'morning_change_1d',
    'morning_change_7d',
    'last_full_day_change_1d',
    'last_full_day_change_7d',
  ],
  reach: [
    ...RECENT_HOURS.map((back) => back + DAY + 1),
    ...RECENT_HOURS.map((back) => back + WEEK + 1),
    1,
    DAY,
    2 * DAY,
    WEEK,
    4 * WEEK,
    2 * DAY,
    WEEK + DAY,
    2 * WEEK,
    WEEK,
    WEEK,
    WEEK + DAY,
    WEEK,
    4 * WEEK,
    MORNING,
    MORNING + DAY,
    MORNING + WEEK,
    3 * DAY,
    10 * DAY,
  ],
  values: ({ history, row, hour, standing, base }) => {
    // The last day of which all hours are known ends before the first target hour's day but one.
    const fullDay = row - hour - DAY;
    const dayMean = (back: number) => history.mean('known', fullDay - DAY * back, DAY);
    const change = (back: number, over: number) =>
      history.at('known', standing - back) - history.at('known', standing - back - over);
    const mean = (hours: number, back = 0) => history.mean('known', standing - back, hours);
    return [
      ...RECENT_HOURS.map((back) => change(back, DAY)),
      ...RECENT_HOURS.map((back) => change(back, WEEK)),
      history.at('known', standing) - base,
      mean(DAY) - base,
      mean(2 * DAY) - base,
      mean(WEEK) - base,
      mean(4 * WEEK) - base,
      mean(DAY) - mean(DAY, DAY),
      mean(DAY) - mean(DAY, WEEK),
      mean(WEEK) - mean(WEEK, WEEK),
      mean(DAY) - mean(WEEK),
      mean(DAY, DAY) - mean(WEEK),
      mean(DAY, 6 * DAY) - mean(WEEK),
      mean(3 * DAY) - mean(WEEK),
      mean(WEEK) - mean(4 * WEEK),
      history.at('known', standing) - history.at('known', standing - 5),
      mean(MORNING) - mean(MORNING, DAY),
      mean(MORNING) - mean(MORNING, WEEK),
      dayMean(0) - dayMean(1),
      dayMean(0) - dayMean(7),
    ];
  },
};

/** A year ago, on the same weekday: where the season was going then. */
export const yearlyColumns: Columns = {
  group: 'yearly',
  toBase: /^year_ago$/,
  names: ['year_ago', 'year_ago_to_its_week', 'year_ago_step_to_next_week', 'week_to_year_ago'],
  reach: [YEAR, YEAR, YEAR, YEAR],
  values: ({ history, row, standing, base }) => {
    const then = history.at('known', row - YEAR);
    const week = history.mean('known', standing - YEAR + WEEK, WEEK);
    const nextWeek = history.mean('known', standing - YEAR + 2 * WEEK, WEEK);
    return [then - base, then - week, nextWeek - week, history.mean('known', standing, WEEK) - week];
  },
};

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
