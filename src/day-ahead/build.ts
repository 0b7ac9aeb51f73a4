import { DEMAND_DELAY_HOURS, issueFor } from '../backtest/protocol.ts';
import { HOUR_SECONDS } from '../contracts/time.ts';
import { localCalendar } from '../features/calendar.ts';
import type { ValidatedRows } from '../features/validated-rows.ts';
import type { WeatherRuns } from '../features/weather.ts';
import { seasonalLag } from '../sequences/seasonal-base.ts';
import { calendarColumns } from './calendar-columns.ts';
import type { Cell, CellCalendar, Columns } from './cell.ts';
import { lagColumns, recentColumns, yearlyColumns } from './demand-columns.ts';
import { History } from './history.ts';
import type { IssueColumn, IssueTable } from './issue-table.ts';
import { operatorColumns } from './operator-columns.ts';
import { demandProfiles, operatorProfiles } from './profile-columns.ts';
import { weatherColumns } from './weather-columns.ts';

/** Target hours of an issue: one local standard day. */
export const DAY_HOURS = 24;
const WEEK_HOURS = 168;

export interface IssueInputs {
  /** Take the operator's day-ahead forecast as an input, and as the base where it was out at the issue. */
  operator: boolean;
  /** Take weather forecast runs as inputs. */
  weather: boolean;
}

export interface IssueTableOptions {
  /** Local standard time, on the day before. */
  issueHourLocal: number;
  /** Local standard time minus UTC. */
  standardOffsetHours: number;
  timeZone: string;
  /** Hour ends, seconds since 1970: every local standard day that lies wholly between them is one issue. */
  firstHour: number;
  lastHour: number;
  operator: boolean;
  /** The region's runs; absent: no weather columns. `none`: the columns, without values. */
  weather?: WeatherRuns | 'none' | undefined;
  /** Columns that look back further than so many hours stay without a value; default: none do. */
  contextHours?: number | undefined;
}

/** The columns that inputs make, in their order. */
export function issueColumns({ operator, weather }: IssueInputs): IssueColumn[] {
  return partsOf({ operator, weather }).flatMap(({ group, names, profile, toBase }) =>
    names.map((name) => ({
      name,
      group,
      ...(profile && { profile }),
      ...(toBase?.test(name) && { toBase: true as const }),
    })),
  );
}

/**
 * The issue table of a region from its validated hours. Rows later than an issue's newest known hour are read for
 * nothing but `actual` and what was forecast of them by then.
 */
export function buildIssueTable(rows: ValidatedRows, options: IssueTableOptions): IssueTable {
  const { issueHourLocal, standardOffsetHours, operator, weather, contextHours = Infinity } = options;
  const protocol = { issueHourLocal, standardOffsetHours, demandDelayHours: DEMAND_DELAY_HOURS };
  const parts = partsOf({ operator, weather: weather !== undefined });
  const columns = issueColumns({ operator, weather: weather !== undefined });
  const reaching = parts.map((part) => ({ part, reach: part.reach ?? part.names.map(() => 0) }));
  const days = daysOf(options);
  const cells = days.length * DAY_HOURS;
  const history = new History(rows);
  const calendarAt = calendarReader(options, days, rows.first);
  const byCell = () => new Float64Array(cells).fill(Number.NaN);
  const table: IssueTable = {
    region: rows.region,
    issuedAt: new Float64Array(days.length),
    standingAt: new Float64Array(days.length),
    horizon: DAY_HOURS,
    columns,
    features: new Float32Array(cells * columns.length).fill(Number.NaN),
    validAt: byCell(),
    base: byCell(),
    actual: byCell(),
    operator: byCell(),
    latestKnown: byCell(),
    persistence48: byCell(),
    persistence168: byCell(),
  };
  const rowOf = (time: number) => (time - rows.first) / HOUR_SECONDS;
  const mw = (values: Float64Array, row: number) => (values[row]! > 0 ? values[row]! : Number.NaN);
  days.forEach((firstHour, i) => {
    const profiles = new Map<Columns, readonly number[]>();
    const found = new Map<string, number>();
    const once = (name: string, compute: () => number) => {
      const value = found.get(name) ?? compute();
      found.set(name, value);
      return value;
    };
    for (let h = 0; h < DAY_HOURS; h++) {
      const at = i * DAY_HOURS + h;
      const validAt = firstHour + h * HOUR_SECONDS;
      const { issuedAt, newestKnown, steps } = issueFor(validAt, protocol);
      table.issuedAt[i] = issuedAt;
      table.standingAt[i] = newestKnown;
      table.validAt[at] = validAt;
      const row = rowOf(validAt);
      const standing = rowOf(newestKnown);
      const season = seasonalLag(steps);
      table.actual[at] = mw(rows.demandFinal, row);
      table.operator[at] = mw(rows.forecast.values, row);
      if (standing < 0 || standing >= rows.hours) continue;
      table.latestKnown[at] = mw(rows.demand, row - season);
      table.persistence48[at] = mw(rows.demand, row - 2 * DAY_HOURS);
      table.persistence168[at] = mw(rows.demand, row - WEEK_HOURS);
      const said = operator ? history.operatorBy(row, issuedAt) : Number.NaN;
      const base = Number.isFinite(said) ? said : ownBase(history, row, standing, season, operator);
      if (!Number.isFinite(base)) continue;
      table.base[at] = Math.exp(base);
      const cell: Cell = {
        history,
        weather: weather === 'none' ? undefined : weather?.quantities,
        issuedAt,
        validAt,
        row,
        standing,
        season,
        hour: h + 1,
        calendar: calendarAt(validAt),
        base,
        once,
      };
      let c = at * columns.length;
      for (const { part, reach } of reaching) {
        const values = profiles.get(part) ?? part.values(cell);
        if (part.profile) profiles.set(part, values);
        for (let i = 0; i < values.length; i++) {
          table.features[c++] = reach[i]! <= contextHours ? values[i]! : Number.NaN;
        }
      }
    }
  });
  return table;
}

/**
 * What stands in for the operator's forecast, ln MW. Where models learn relative errors of the operator it must be a
 * forecast itself: the mean of this hour in the last weeks, moved to the level of the last day. Elsewhere the level of
 * the last week, as models find the shape themselves.
 */
function ownBase(
  history: History,
  row: number,
  standing: number,
  season: number,
  asForecast: boolean,
): number {
  const level = history.mean('known', standing, WEEK_HOURS);
  if (!asForecast) return level;
  const weekAgo = history.at('known', row - WEEK_HOURS);
  const sameHour = Number.isFinite(weekAgo) ? weekAgo : history.at('known', row - season);
  const moved =
    history.mean('known', standing, DAY_HOURS) - history.mean('known', standing - WEEK_HOURS, DAY_HOURS);
  return sameHour + (Number.isFinite(moved) ? moved : 0);
}

function partsOf({ operator, weather }: IssueInputs): Columns[] {
  return [
    calendarColumns,
    lagColumns,
    recentColumns,
    yearlyColumns,
    demandProfiles,
    ...(operator ? [operatorColumns, operatorProfiles] : []),
    ...(weather ? [weatherColumns] : []),
  ];
}

/** The first hour's end of every local standard day that lies wholly between the two hours. */
function daysOf({ standardOffsetHours, firstHour, lastHour }: IssueTableOptions): number[] {
  const local = firstHour / HOUR_SECONDS + standardOffsetHours - 1;
  const days: number[] = [];
  for (let day = Math.ceil(local / DAY_HOURS); ; day++) {
    const begins = (day * DAY_HOURS + 1 - standardOffsetHours) * HOUR_SECONDS;
    if (begins + (DAY_HOURS - 1) * HOUR_SECONDS > lastHour) return days;
    days.push(begins);
  }
}

function calendarReader(
  { timeZone, standardOffsetHours }: IssueTableOptions,
  days: readonly number[],
  fallback: number,
): (validAt: number) => CellCalendar {
  const before = WEEK_HOURS;
  const first = (days[0] ?? fallback) - before * HOUR_SECONDS;
  const hours = days.length ? (days.at(-1)! - first) / HOUR_SECONDS + DAY_HOURS : 0;
  const calendar = localCalendar(timeZone, first, hours);
  // The hour that ends at a time is named by the hour that it begins in.
  const summer = (at: number) => {
    const standard = first / HOUR_SECONDS + at - 1 + standardOffsetHours;
    return (calendar.hour[at]! - standard - 12) % DAY_HOURS;
  };
  const summerAt = (at: number) => ((summer(at) % DAY_HOURS) + DAY_HOURS + 12) % DAY_HOURS;
  return (validAt) => {
    const at = (validAt - first) / HOUR_SECONDS;
    return {
      hour: calendar.hour[at]!,
      weekday: calendar.day_of_week[at]!,
      dayOfYear: calendar.day_of_year[at]!,
      day: calendar.day[at]!,
      summer: summerAt(at),
      summerWeekAgo: summerAt(at - WEEK_HOURS),
      summerLately: summerAt(at - 2 * DAY_HOURS),
    };
  };
}
