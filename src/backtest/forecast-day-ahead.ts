import { REGIONS, regionCode, type RegionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS, toHourStamp } from '../contracts/time.ts';
import { buildIssueTable, DAY_HOURS } from '../day-ahead/build.ts';
import { MEDIAN, type IssueTable } from '../day-ahead/issue-table.ts';
import type { IssueDetails } from '../day-ahead/read.ts';
import { MissingDataError } from '../errors.ts';
import type { WeatherRuns } from '../features/weather.ts';
import type { FittedForecaster } from '../forecasters/forecaster.ts';
import type { SequenceSource } from '../forecasters/transformer.ts';
import { inputsForForecast } from '../sequences/inputs.ts';
import type { Normaliser } from '../sequences/normaliser.ts';
import { cutRows, REACH_HOURS, standingRow, type ForecastRow, type RegionRecord } from './forecast.ts';
import type { NewestDemand } from './newest-issue.ts';
import { DEMAND_DELAY_HOURS } from './protocol.ts';

const DAY_SECONDS = DAY_HOURS * HOUR_SECONDS;
/** The same weekday of the year before, and the mean of the week before it. */
export const ISSUE_REACH_HOURS = 54 * 168;

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

/** The records of a forecast, as the network's inputs: nothing in them is later than an issue's newest known hour. */
export class RecordSource implements SequenceSource {
  readonly #normaliser: Normaliser;
  readonly #records = new Map<string, { record: RegionRecord; hours: number }>();

  constructor(normaliser: Normaliser) {
    this.#normaliser = normaliser;
  }

  add(record: RegionRecord, issuedAt: number): void {
    this.#records.set(record.rows.region, { record, hours: standingRow(record, issuedAt) + 1 });
  }

  async hoursOf(region: string): Promise<{ first: number; hours: number }> {
    const { record, hours } = this.#records.get(region)!;
    return { first: record.rows.first, hours };
  }

  async inputsOf(region: string, from: number, to: number): Promise<Float32Array> {
    const { rows } = this.#records.get(region)!.record;
    const before = Math.max(0, from - REACH_HOURS);
    const recent = cutRows(rows, before, to + 1);
    return inputsForForecast(recent, this.#normaliser, to - from, to - before).inputs;
  }
}

/** The day after an issue, hour by hour with its quantiles. */
export async function forecastDayAhead(
  forecaster: FittedForecaster,
  { issueHourLocal, operator, weather, contextHours }: IssueDetails,
  record: RegionRecord,
  issuedAt: number,
  runs: readonly WeatherRuns[],
): Promise<ForecastRow[]> {
  const region = regionCode.parse(record.rows.region);
  const { standardOffsetHours, timeZone } = REGIONS[region];
  const firstHour = issuedAt + (DAY_HOURS - issueHourLocal + 1) * HOUR_SECONDS;
  const table = buildIssueTable(record.rows, {
    ...{ issueHourLocal, standardOffsetHours, timeZone, operator, contextHours, firstHour },
    lastHour: firstHour + DAY_SECONDS - HOUR_SECONDS,
    ...(weather && { weather: runs.find((own) => own.region === region) ?? 'none' }),
  });
  const answers = await forecaster.predict(table);
  requireAnswers(answers, table);
  const levels = forecaster.levels.length;
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

function requireAnswers(answers: Float64Array, { region, issuedAt }: IssueTable): void {
  if (answers.every(Number.isFinite)) return;
  throw new MissingDataError(
    `The record of ${region} does not hold what a forecast issued at ${toHourStamp(issuedAt[0]!)} rests on.`,
    'Ingest the weeks before the issue, or give another issuedAt.',
  );
}
