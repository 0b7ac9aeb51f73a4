import type { Manifest } from '../contracts/artifact.ts';
import { REGIONS, type RegionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS, toDate } from '../contracts/time.ts';
import { FOLLOWED_HOURS, ISSUE_REACH_HOURS } from '../backtest/forecast-day-ahead.ts';
import { recordAsOf } from '../backtest/forecast-record.ts';
import { REACH_HOURS, type RegionRecord } from '../backtest/forecast.ts';
import { DEMAND_DELAY_HOURS } from '../backtest/protocol.ts';
import { buildIssueTable, DAY_HOURS } from '../day-ahead/build.ts';
import { firstIssueFrom, type IssueTable } from '../day-ahead/issue-table.ts';
import { readWeatherFolder, SHIPPED_WEATHER } from '../features/weather-folder.ts';
import type { Home } from '../lake/home.ts';
import { fitFor, type Fit, type Rival } from './rival.ts';

const DAY_SECONDS = DAY_HOURS * HOUR_SECONDS;

/** Percent; null where there is no hour to count. */
export interface RegionComparison {
  from: number;
  hours: number;
  /** In the order of the rivals. */
  mape: (number | null)[];
  operator: number | null;
  persistence: number | null;
}

interface Asked {
  /** Hour ends, both included, and the moment of the record; seconds. */
  from: number;
  to: number;
  asOf: number;
}

/** What one of them said of each hour; MW, NaN where it said nothing. */
interface Said {
  table: IssueTable;
  medians: Float64Array;
}

/** Rivals on the hours of a region that all of them answered and whose demand is believable. */
export async function compareRegion(
  home: Home,
  grid: Manifest,
  region: RegionCode,
  rivals: readonly Rival[],
  asked: Asked,
): Promise<RegionComparison> {
  const fits = rivals.map((rival) => fitFor(rival, asked.from));
  const from = Math.max(asked.from, ...fits.map(({ learntTo }) => learntTo + HOUR_SECONDS));
  if (from > asked.to) {
    return { from, hours: 0, mape: rivals.map(() => null), operator: null, persistence: null };
  }
  const reach = Math.max(
    ISSUE_REACH_HOURS,
    ...rivals.map(({ sequenceLength }) => sequenceLength + REACH_HOURS + FOLLOWED_HOURS),
  );
  const record = await recordAsOf(home, grid, region, {
    asOf: asked.asOf,
    period: {
      from: toDate(from - reach * HOUR_SECONDS - 2 * DAY_SECONDS),
      to: toDate(asked.to + 2 * DAY_SECONDS),
    },
  });
  const hours = { ...asked, from };
  const said: Said[] = [];
  for (const [r, rival] of rivals.entries()) said.push(await answersOf(rival, fits[r]!, record, hours));
  return scored(said, hours);
}

async function answersOf(
  { issues }: Rival,
  fit: Fit,
  record: RegionRecord,
  { from, to, asOf }: Asked,
): Promise<Said> {
  const { region } = record.rows;
  const { standardOffsetHours, timeZone } = REGIONS[region as RegionCode];
  const { issueHourLocal, operator, weather, contextHours } = issues;
  const runs = weather ? await readWeatherFolder(SHIPPED_WEATHER, [region as RegionCode]) : [];
  const { forecaster, source } = await fit.open();
  source?.add(record, Math.min(asOf, newestMoment(record)));
  // What came since the fit is followed, as far back as a forecast does: from the local day with its first hour on.
  const followedFrom = Math.max(fit.learntTo, from - FOLLOWED_HOURS * HOUR_SECONDS);
  const table = buildIssueTable(record.rows, {
    ...{ issueHourLocal, standardOffsetHours, timeZone, operator, contextHours },
    firstHour: followedFrom - DAY_SECONDS + 2 * HOUR_SECONDS,
    lastHour: to + DAY_SECONDS,
    ...(weather && { weather: runs.find((own) => own.region === region) ?? 'none' }),
  });
  const first = firstIssueFrom(table, from - 2 * DAY_SECONDS);
  const answers = await forecaster.predict(table, Math.max(0, first - 1));
  const levels = forecaster.levels.length;
  const middle = forecaster.levels.indexOf(0.5);
  const medians = Float64Array.from(table.validAt, (_, cell) => answers[cell * levels + middle]!);
  return { table, medians };
}

/** When the newest demand of the record became known. */
function newestMoment({ rows, published }: RegionRecord): number {
  return rows.first + (published.at(-1)! + DEMAND_DELAY_HOURS) * HOUR_SECONDS;
}

function scored(said: readonly Said[], { from, to }: Asked): RegionComparison {
  const cellsOf = said.map(({ table }) => new Map(Array.from(table.validAt, (hour, cell) => [hour, cell])));
  const [{ table }] = said as [Said];
  const sums = said.map(() => 0);
  const beside = { operator: { sum: 0, hours: 0 }, latestKnown: { sum: 0, hours: 0 } };
  let hours = 0;
  table.validAt.forEach((hour, cell) => {
    const actual = table.actual[cell]!;
    if (hour < from || hour > to || !(actual > 0)) return;
    const errors = said.map(({ medians }, r) => error(medians[cellsOf[r]!.get(hour) ?? -1], actual));
    if (errors.some(Number.isNaN)) return;
    hours++;
    errors.forEach((each, r) => (sums[r]! += each));
    for (const name of ['operator', 'latestKnown'] as const) {
      const own = error(table[name][cell], actual);
      if (Number.isNaN(own)) continue;
      beside[name].sum += own;
      beside[name].hours++;
    }
  });
  const percent = (sum: number, count: number) => (count > 0 ? (100 * sum) / count : null);
  // On half of the hours or fewer somebody else would be compared on other hours.
  const of = ({ sum, hours: own }: { sum: number; hours: number }) =>
    2 * own > hours ? percent(sum, own) : null;
  return {
    from,
    hours,
    mape: sums.map((sum) => percent(sum, hours)),
    operator: of(beside.operator),
    persistence: of(beside.latestKnown),
  };
}

const error = (mw: number | undefined, actual: number) =>
  mw !== undefined && mw > 0 ? Math.abs(mw - actual) / actual : Number.NaN;
