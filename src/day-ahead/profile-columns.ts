import type { Cell, Columns } from './cell.ts';
import { DAY, MORNING, WEEK } from './spans.ts';

const named = (name: string, hours: number) =>
  Array.from({ length: hours }, (_, i) => `${name}_${String(i).padStart(2, '0')}`);

/** Values at `hours` rows, the first of them `first`. */
const profile = (first: number, hours: number, value: (row: number) => number) =>
  Array.from({ length: hours }, (_, i) => value(first + i));

/** The row of the first target hour. */
const dayBegin = ({ row, hour }: Cell) => row - hour + 1;

/** Demand of whole days hour by hour, to the level of the last week. */
export const demandProfiles: Columns = {
  group: 'recent',
  profile: true,
  names: [
    ...named('morning', MORNING),
    ...named('morning_7d_ago', MORNING),
    ...named('day_2d_ago', DAY),
    ...named('day_7d_ago', DAY),
  ],
  reach: [
    ...profile(0, MORNING, () => WEEK),
    ...profile(0, MORNING, () => WEEK + MORNING),
    ...profile(0, 2 * DAY, () => WEEK + DAY),
  ],
  values: (cell) => {
    const { history, standing } = cell;
    const level = history.mean('known', standing, WEEK);
    const value = (row: number) => history.at('known', row) - level;
    const morning = standing - MORNING + 1;
    return [
      ...profile(morning, MORNING, value),
      ...profile(morning - WEEK, MORNING, value),
      ...profile(dayBegin(cell) - 2 * DAY, DAY, value),
      ...profile(dayBegin(cell) - WEEK, DAY, value),
    ];
  },
};

/** The operator's errors and forecasts of whole days hour by hour. */
export const operatorProfiles: Columns = {
  group: 'operator',
  profile: true,
  names: [
    ...named('operator_error_morning', MORNING),
    ...named('operator_error_day_2d_ago', DAY),
    ...named('operator_day', DAY),
    ...named('operator_day_change_1d', DAY),
    ...named('operator_day_change_2d', DAY),
    ...named('operator_day_to_known_morning', MORNING),
  ],
  reach: [
    ...profile(0, MORNING, () => MORNING),
    ...profile(0, DAY, () => 2 * DAY),
    ...profile(0, 2 * DAY, () => DAY),
    ...profile(0, DAY, () => 2 * DAY),
    ...profile(0, MORNING, () => MORNING),
  ],
  values: (cell) => {
    const { history, standing, issuedAt } = cell;
    const said = (row: number) => history.operatorBy(row, issuedAt);
    const error = (row: number) => history.at('error', row);
    const begin = dayBegin(cell);
    const day = profile(begin, DAY, said);
    const mean = day.reduce((sum, value) => sum + value, 0) / DAY;
    const morning = standing - MORNING + 1;
    return [
      ...profile(morning, MORNING, error),
      ...profile(begin - 2 * DAY, DAY, error),
      ...day.map((value) => value - mean),
      ...profile(begin, DAY, (row) => said(row) - said(row - DAY)),
      ...profile(begin, DAY, (row) => said(row) - said(row - 2 * DAY)),
      ...profile(morning, MORNING, (row) => history.at('known', row) - said(row + DAY)),
    ];
  },
};
