import type { Columns } from './cell.ts';

const LAG_DAYS = [2, 3, 4, 5, 6, 7, 14, 21, 28];
const RECENT_HOURS = [0, 1, 2, 3, 6, 9, 12];
const DAY = 24;
const WEEK = 168;
/** The same weekday of the year before. */
const YEAR = 52 * WEEK;

/** Demand at the same hour of days before, as log-ratio to the base. */
export const lagColumns: Columns = {
  group: 'lags',
  names: ['latest_known', ...LAG_DAYS.map((days) => `lag_${days}d`), 'lag_weeks_mean'],
  reach: [2 * DAY, ...LAG_DAYS.map((days) => DAY * days), 4 * WEEK],
  values: ({ history, row, season, base }) => {
    const at = (back: number) => history.at('known', row - back) - base;
    return [
      at(season),
      ...LAG_DAYS.map((days) => at(DAY * days)),
      (at(WEEK) + at(2 * WEEK) + at(3 * WEEK) + at(4 * WEEK)) / 4,
    ];
  },
};

/** The newest known hours against those a day and a week before, and the level that demand has come to. */
export const recentColumns: Columns = {
  group: 'recent',
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
  ],
  values: ({ history, standing, base }) => {
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
    ];
  },
};

/** A year ago, on the same weekday: where the season was going then. */
export const yearlyColumns: Columns = {
  group: 'yearly',
  names: ['year_ago', 'year_ago_to_its_week', 'year_ago_step_to_next_week'],
  reach: [YEAR, YEAR, YEAR],
  values: ({ history, row, standing, base }) => {
    const then = history.at('known', row - YEAR);
    const week = history.mean('known', standing - YEAR + WEEK, WEEK);
    const nextWeek = history.mean('known', standing - YEAR + 2 * WEEK, WEEK);
    return [then - base, then - week, nextWeek - week];
  },
};
