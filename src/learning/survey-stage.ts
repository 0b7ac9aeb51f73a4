import type { Survey, SurveyInput } from '../contracts/learning.ts';
import type { RegionCode } from '../contracts/regions.ts';
import {
  firstHourOf,
  fromHourStamp,
  HOUR_SECONDS,
  lastHourOf,
  toDate,
  toHourStamp,
} from '../contracts/time.ts';
import type { Manifest } from '../contracts/artifact.ts';
import { gridFile } from '../backtest/forecast-grid.ts';
import { newestDemand } from '../backtest/newest-issue.ts';
import { DEMAND_DELAY_HOURS } from '../backtest/protocol.ts';
import { readManifest } from '../lake/artifacts.ts';
import { yearOf } from '../lake/grid-rows.ts';
import type { Home } from '../lake/home.ts';
import type { StageContext } from '../stages/context.ts';

const DAY_SECONDS = 24 * HOUR_SECONDS;
/** First values are seen within two days of their time by rule, or count from then: after it a record at rest is whole. */
const SETTLED_HOURS = DEMAND_DELAY_HOURS + 48;

/**
 * The moment that a learning run stands for, its data window and the hours of demand in it. A clock that has moved on
 * while the record rests would ask for hours that nobody has: there the record's end is the moment.
 */
export async function surveyWindow(context: StageContext, input: SurveyInput): Promise<Survey> {
  const { home } = context;
  const grid = await readManifest(home, input.grid, 'grid');
  const asOf = input.asOf ?? (await restingMoment(home, grid, input));
  const window = windowBefore(asOf, input.windowDays);
  const samples: Survey['samples'] = {};
  for (const region of input.regions)
    samples[region] = await hoursKnown(home, grid, region, { asOf, window });
  return { asOf, window, samples };
}

async function restingMoment(home: Home, grid: Manifest, { regions, now }: SurveyInput): Promise<string> {
  const ends: number[] = [];
  for (const region of regions) ends.push((await newestDemand(home, grid, region)).validAt);
  const rests = Math.max(...ends) + SETTLED_HOURS * HOUR_SECONDS;
  return toHourStamp(Math.min(rests, fromHourStamp(now)));
}

/** The last whole days, UTC, whose every hour can be known at a moment. */
export function windowBefore(asOf: string, days: number): Survey['window'] {
  const newest = fromHourStamp(asOf) - DEMAND_DELAY_HOURS * HOUR_SECONDS;
  // A day is over with the hour that ends at the next midnight.
  const lastDay = Math.floor(newest / DAY_SECONDS) - 1;
  const date = (day: number) => toDate(day * DAY_SECONDS);
  return { from: date(lastDay - days + 1), to: date(lastDay) };
}

async function hoursKnown(
  home: Home,
  grid: Manifest,
  region: RegionCode,
  { asOf, window }: Pick<Survey, 'asOf' | 'window'>,
): Promise<number> {
  const [from, to, moment] = [firstHourOf(window.from), lastHourOf(window.to), fromHourStamp(asOf)];
  const known = new Set<number>();
  for (const file of grid.files) {
    if (file.region !== region || (file.year ?? Infinity) < yearOf(from)) continue;
    const rows = await gridFile(home, file);
    const demand = rows.labels.indexOf('D');
    for (let row = 0; row < rows.length; row++) {
      const validAt = rows.validAt[row]!;
      if (rows.series[row] !== demand || validAt < from || validAt > to) continue;
      if (rows.availableAt[row]! <= moment && !Number.isNaN(rows.value[row]!)) known.add(validAt);
    }
  }
  return known.size;
}
