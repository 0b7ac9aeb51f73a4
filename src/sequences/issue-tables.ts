import type { RegionCode } from '../contracts/regions.ts';
import { REGIONS } from '../contracts/regions.ts';
import type { SequencesInput } from '../contracts/stages.ts';
import { firstHourOf, HOUR_SECONDS, lastHourOf } from '../contracts/time.ts';
import { buildIssueTable, DAY_HOURS, issueColumns } from '../day-ahead/build.ts';
import { firstIssueFrom, issuesOf, type IssueRange, type IssueTable } from '../day-ahead/issue-table.ts';
import type { IssueDetails } from '../day-ahead/read.ts';
import type { ValidatedRows } from '../features/validated-rows.ts';
import { readWeatherFolder, SHIPPED_WEATHER, weatherFiles } from '../features/weather-folder.ts';
import type { WeatherRuns } from '../features/weather.ts';
import { fitIssueScaling, type IssueScaling } from './issue-scaling.ts';

/** What the issue tables of a dataset rest on. */
export function issueDetailsFor({ issueHourLocal, inputs }: SequencesInput): IssueDetails {
  return { columns: issueColumns(inputs), horizon: DAY_HOURS, issueHourLocal, ...inputs };
}

/** The files that weather columns come from, so that other files make another dataset; none where there are none to be. */
export const weatherBehind = ({ weather }: Pick<IssueDetails, 'weather'>, regions: readonly RegionCode[]) =>
  weather ? weatherFiles(SHIPPED_WEATHER, regions) : undefined;

/** Builds the issue tables of a dataset's regions, one after another, and learns their columns' scale on the way. */
export class IssueTables {
  readonly #details: IssueDetails;
  readonly #runs: WeatherRuns[];
  readonly #regions: IssueScaling['regions'] = {};

  private constructor(details: IssueDetails, runs: WeatherRuns[]) {
    this.#details = details;
    this.#runs = runs;
  }

  static async open(details: IssueDetails, regions: readonly RegionCode[]): Promise<IssueTables> {
    return new IssueTables(details, details.weather ? await readWeatherFolder(SHIPPED_WEATHER, regions) : []);
  }

  /** The issues of all local days that begin in rows `from` to `to`, excluded: the last one has hours after them. */
  build(rows: ValidatedRows, region: RegionCode, { from, to }: { from: number; to: number }): IssueTable {
    const { issueHourLocal, operator, weather, contextHours } = this.#details;
    const { standardOffsetHours, timeZone } = REGIONS[region];
    return buildIssueTable(rows, {
      ...{ issueHourLocal, standardOffsetHours, timeZone, operator, contextHours },
      firstHour: rows.first + from * HOUR_SECONDS,
      lastHour: rows.first + (to - 1 + DAY_HOURS - 1) * HOUR_SECONDS,
      ...(weather && { weather: this.#runs.find((runs) => runs.region === region) ?? 'none' }),
    });
  }

  /** Learns the scale of a region's features from its training issues. */
  learn(table: IssueTable, train: SequencesInput['train']): void {
    this.#regions[table.region] = fitIssueScaling(issuesOf(table, issuesWithin(table, train)));
  }

  scaling(): IssueScaling {
    return { ...this.#details, regions: this.#regions };
  }
}

/** Issues all of whose target hours lie within a range: what may be trained on. */
export function issuesWithin(table: IssueTable, range: { from: string; to: string }): IssueRange {
  const [first, last] = [firstHourOf(range.from), lastHourOf(range.to)];
  const { horizon, validAt } = table;
  const from = Math.max(0, firstIssueFrom(table, first));
  let to = table.issuedAt.length;
  while (to > from && validAt[to * horizon - 1]! > last) to--;
  return { from, to };
}
