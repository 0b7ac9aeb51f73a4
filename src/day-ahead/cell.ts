import type { WeatherRuns } from '../features/weather.ts';
import type { ColumnGroup } from './issue-table.ts';
import type { History } from './history.ts';

/** One target hour of one issue, and all that its columns may be computed from. */
export interface Cell {
  history: History;
  weather: WeatherRuns['quantities'] | undefined;
  /** Seconds since 1970. */
  issuedAt: number;
  validAt: number;
  /** Of the region's record: the target hour, and the newest hour whose demand is known at the issue. */
  row: number;
  standing: number;
  /** Hours of the day the target's same hour was last known before it: 24, or 48. */
  season: number;
  /** 1 to H, in the local standard day. */
  hour: number;
  calendar: CellCalendar;
  /** ln MW */
  base: number;
  /** What is the same for all hours of the issue, computed when first asked for. */
  once(name: string, compute: () => number): number;
}

/** Of the region's own clocks and holidays. */
export interface CellCalendar {
  /** 0 to 23, by the clock on the wall. */
  hour: number;
  /** Monday 0 to Sunday 6. */
  weekday: number;
  dayOfYear: number;
  /** Days since 1970 of the local date. */
  day: number;
  /** Local time minus local standard time at the hour, h; and a week, and the days of the last known hours, before. */
  summer: number;
  summerWeekAgo: number;
  summerLately: number;
}

/** Some columns of the table; a value that is not there is NaN. */
export interface Columns {
  group: ColumnGroup;
  /** As of `IssueColumn`. */
  profile?: true;
  names: readonly string[];
  /** Of the names those that are log-ratios to the base. */
  toBase?: RegExp;
  /** Hours of history, the newest known one included, without which a column has no value; absent: none. */
  reach?: readonly number[];
  values(cell: Cell): readonly number[];
}
