import { REGIONS, regionCode, type RegionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS, toHourStamp } from '../contracts/time.ts';
import { DAY_HOURS } from '../day-ahead/build.ts';
import { continueIssueTable, type MadeTable } from '../day-ahead/continue.ts';
import { issuesOf, MEDIAN, type IssueTable } from '../day-ahead/issue-table.ts';
import type { IssueDetails } from '../day-ahead/read.ts';
import { MissingDataError } from '../errors.ts';
import { featureSeries, unchangedRows } from '../features/unchanged-rows.ts';
import type { WeatherRuns } from '../features/weather.ts';
import type { FittedForecaster } from '../forecasters/forecaster.ts';
import type { SequenceSource } from '../forecasters/transformer.ts';
import { inputsForForecast } from '../sequences/inputs.ts';
import type { Normaliser } from '../sequences/normaliser.ts';
import { cutRows, REACH_HOURS, standingRow, type ForecastRow, type RegionRecord } from './forecast.ts';
import type { NewestDemand } from './newest-issue.ts';
import { DEMAND_DELAY_HOURS } from './protocol.ts';

const DAY_SECONDS = DAY_HOURS * HOUR_SECONDS;
/**
 * Issues before a forecast that weights and intervals may follow: what is older counts little at any half-life that
 * weights have, and of that they remember the fit.
 */
const FOLLOWED_ISSUES = 60;
export const FOLLOWED_HOURS = FOLLOWED_ISSUES * DAY_HOURS;
/** The same weekday of the year before, and the mean of the week before it. */
export const ISSUE_REACH_HOURS = 54 * 168 + FOLLOWED_HOURS;

/** Whether day-ahead forecasts of a region are issued at that moment, seconds since 1970. */
export function isIssueTime(moment: number, region: RegionCode, { issueHourLocal }: IssueDetails): boolean {
  const local = moment / HOUR_SECONDS + REGIONS[region].standardOffsetHours;
  return (((local - issueHourLocal) % DAY_HOURS) + DAY_HOURS) % DAY_HOURS === 0;
}

/** The newest issue whose newest hour of demand is known by then. */
export function newestDayAheadIssue(
  { validAt, availableAt }: NewestDemand,
  region: RegionCode,
  details: IssueDetails,
): number {
  let moment = validAt + DEMAND_DELAY_HOURS * HOUR_SECONDS;
  while (!isIssueTime(moment, region, details)) moment -= HOUR_SECONDS;
  const seenLate = moment - DEMAND_DELAY_HOURS * HOUR_SECONDS === validAt && availableAt > moment;
  return seenLate ? moment - DAY_SECONDS : moment;
}

/** How far ahead of its row a feature may look: at what was forecast of that hour by then. */
const AHEAD_HOURS = 24;

/** The records of a forecast, as the network's inputs: nothing in them is later than an issue's newest known hour. */
export class RecordSource implements SequenceSource {
  readonly #normaliser: Normaliser;
  readonly #given = new Map<string, { record: RegionRecord; hours: number }>();
  readonly records = {
    of: (region: string) => this.#given.get(region)!.record,
    sameBefore: (region: string, older: object) => {
      const { rows } = this.#given.get(region)!.record;
      const same = unchangedRows((older as RegionRecord).rows, rows, featureSeries);
      return rows.first + (same - AHEAD_HOURS) * HOUR_SECONDS;
    },
  };

  constructor(normaliser: Normaliser) {
    this.#normaliser = normaliser;
  }

  add(record: RegionRecord, issuedAt: number): void {
    this.#given.set(record.rows.region, { record, hours: standingRow(record, issuedAt) + 1 });
  }

  async hoursOf(region: string): Promise<{ first: number; hours: number }> {
    const { record, hours } = this.#given.get(region)!;
    return { first: record.rows.first, hours };
  }

  /** From as far before as features look, always: where their sums begin decides the last bits of them. */
  async inputsOf(region: string, from: number, to: number): Promise<Float32Array> {
    const { rows } = this.#given.get(region)!.record;
    const before = Math.max(0, from - REACH_HOURS);
    const stretch = cutRows(rows, before, to + AHEAD_HOURS);
    return inputsForForecast(stretch, this.#normaliser, to - from, to - before).inputs;
  }
}

/** What answers for the day ahead. */
export interface DayAhead {
  forecaster: FittedForecaster;
  /** Of what the forecaster's network sees, where it has one. */
  source?: RecordSource;
  /** The last of each region. */
  tables: Map<RegionCode, MadeTable>;
}

/**
 * The day after an issue, hour by hour with its quantiles. A forecaster that follows its recent errors is asked for the
 * last issues too, as a backtest asks it.
 */
export async function forecastDayAhead(
  { forecaster, source, tables }: DayAhead,
  { issueHourLocal, operator, weather, contextHours }: IssueDetails,
  record: RegionRecord,
  issuedAt: number,
  runs: readonly WeatherRuns[],
): Promise<ForecastRow[]> {
  const region = regionCode.parse(record.rows.region);
  const { standardOffsetHours, timeZone } = REGIONS[region];
  const firstHour = issuedAt + (DAY_HOURS - issueHourLocal + 1) * HOUR_SECONDS;
  const followed = followedIssues(forecaster, issuedAt);
  const made = continueIssueTable(tables.get(region), record.rows, {
    ...{ issueHourLocal, standardOffsetHours, timeZone, operator, contextHours },
    firstHour: firstHour - followed * DAY_SECONDS,
    lastHour: firstHour + DAY_SECONDS - HOUR_SECONDS,
    ...(weather && { weather: runs.find((own) => own.region === region) ?? 'none' }),
  });
  tables.set(region, made);
  source?.add(record, issuedAt);
  const whole = made.table;
  const table = issuesOf(whole, { from: followed, to: followed + 1 });
  const levels = forecaster.levels.length;
  const answers = (await forecaster.predict(whole, followed)).subarray(-DAY_HOURS * levels);
  requireAnswers(answers, table);
  const middle = forecaster.levels.indexOf(0.5);
  return Array.from(table.validAt, (validAt, cell) => {
    const own = [...answers.subarray(cell * levels, (cell + 1) * levels)];
    return {
      region,
      issuedAt: toHourStamp(issuedAt),
      hour: toHourStamp(validAt),
      lead: (validAt - issuedAt) / HOUR_SECONDS,
      forecastMw: own[middle]!,
      latestKnownMw: table.latestKnown[cell]!,
      quantilesMw: levels > MEDIAN ? own : null,
    };
  });
}

/** How many issues before one are asked for with it. */
const followedIssues = ({ followsFrom = Infinity }: FittedForecaster, issuedAt: number) =>
  Math.max(0, Math.min(FOLLOWED_ISSUES, Math.floor((issuedAt - followsFrom) / DAY_SECONDS)));

function requireAnswers(answers: Float64Array, { region, issuedAt }: IssueTable): void {
  if (answers.every(Number.isFinite)) return;
  throw new MissingDataError(
    `The record of ${region} does not hold what a forecast issued at ${toHourStamp(issuedAt[0]!)} rests on.`,
    'Ingest the weeks before the issue, or give another issue time.',
  );
}
