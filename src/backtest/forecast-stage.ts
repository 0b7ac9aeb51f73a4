import { z } from 'zod';
import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import { regionCode, REGION_CODES, REGIONS, type RegionCode } from '../contracts/regions.ts';
import type { ForecastInput } from '../contracts/stages.ts';
import { HOUR_SECONDS, fromHourStamp, toDate, toHourStamp, type DateRange } from '../contracts/time.ts';
import { QUANTILES } from '../day-ahead/issue-table.ts';
import type { IssueDetails } from '../day-ahead/read.ts';
import { BadInputError } from '../errors.ts';
import type { WeatherRuns } from '../features/weather.ts';
import { readWeatherFolder, SHIPPED_WEATHER } from '../features/weather-folder.ts';
import { onceByKey, readManifest, referTo, verifiedPath } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { answeringVersion, type Answering } from '../registry/answering.ts';
import type { VersionRecord } from '../registry/version-record.ts';
import type { StageContext } from '../stages/context.ts';
import {
  FOLLOWED_HOURS,
  forecastDayAhead,
  ISSUE_REACH_HOURS,
  isIssueTime,
  newestDayAheadIssue,
  type DayAhead,
} from './forecast-day-ahead.ts';
import { JUDGED_BY, recordAsOf } from './forecast-record.ts';
import { readForecast, writeForecast } from './forecast-file.ts';
import { liveModel, type LiveModel } from './forecast-model.ts';
import { REACH_HOURS, forecastRegion, type ForecastRow, type RegionRecord } from './forecast.ts';
import { knownBy, newestDemand, newestIssue, type NewestDemand } from './newest-issue.ts';
import { newestRecord } from './newest-record.ts';

/** Raised when the same model and record would give another forecast. */
const STAGE_VERSION = 6;
/** What the operators forecast ahead of an issue, with room to spare. */
const AHEAD_HOURS = 8 * 24;
/** A record begins up to so much before what a forecast needs. */
const BEGIN_EVERY_SECONDS = 28 * 24 * HOUR_SECONDS;

export interface Answer {
  region: RegionCode;
  issuedAt: string;
  /** `day-ahead`: the hours of the next local day, with quantiles; `hourly`: the hours after the newest demand, without. */
  by: 'day-ahead' | 'hourly';
}

export interface ForecastResult {
  /** A forecast manifest: one Parquet file of role `forecast`. */
  dataset: ArtifactReference;
  reused: boolean;
  model: { name: string; version: number };
  /** Why this version and no other. */
  answeredBy: Pick<Answering, 'role' | 'why' | 'test'>;
  answers: Answer[];
  /** Of the rows' quantiles; none where all was answered hour by hour. */
  levels: number[];
  rows: ForecastRow[];
  /** Regions of whose day the operator had forecast nothing at the issue, where the model takes that as an input. */
  withoutOperator?: RegionCode[];
}

/**
 * The next hours of each region by a registered model, from all that was known at `issuedAt` and nothing else: a value
 * that was first seen long after its hour counts, where that was before the issue. Refuses a model that is
 * not there or damaged, a region that it was not trained on, and an issue time that the record does not reach.
 */
export async function forecast(context: StageContext, input: ForecastInput): Promise<ForecastResult> {
  const { home } = context;
  const answering = await chosenVersion(home, input);
  const { version } = answering;
  const { record } = version;
  const known = record.metrics.map(({ region }) => region);
  const regions = input.regions ?? known;
  const strange = regions.find((region) => !known.includes(region));
  if (strange) {
    throw new BadInputError(
      `${record.name} version ${record.version} does not know ${strange}.`,
      `It was trained on ${known.join(', ')}: forecast these, or train with ${strange}.`,
    );
  }
  const { reference: grid, manifest: gridManifest } = input.grid
    ? { reference: input.grid, manifest: await readManifest(home, input.grid, 'grid') }
    : await newestRecord(home, regions);
  const model = await liveModel(home, version);
  const asked = await issuesAsked(context, gridManifest, regions, input, model);
  const hourly = asked.find(({ by }) => by === 'hourly');
  if (hourly && !model.network) throw withoutHours(record, hourly.region, model.dayAhead!.issues);
  const work = {
    kind: 'forecast' as const,
    stage: 'forecast',
    version: STAGE_VERSION,
    settings: {
      issues: asked.map(({ region, issuedAt, by }) => [region, toHourStamp(issuedAt), by]),
      judged: JUDGED_BY,
    },
    inputs: [version.model, grid],
  };
  let made: ForecastRow[] | undefined;
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    const rows: ForecastRow[] = [];
    const withoutOperator: RegionCode[] = [];
    using dayAhead = await model.dayAhead?.borrow();
    for (const [done, issue] of asked.entries()) {
      context.signal.throwIfAborted();
      context.progress({ stage: 'forecast', done, total: asked.length, unit: 'regions' });
      const record = await recordAsOf(home, gridManifest, issue.region, {
        asOf: issue.issuedAt,
        period: periodOf(issue, version.record.sequenceLength),
        columns: model.network?.normaliser.columns,
      });
      const own = await answerOf(model, dayAhead, issue, record);
      if (lacksOperator(model, issue, record, own)) withoutOperator.push(issue.region);
      rows.push(...own);
    }
    const order = (row: ForecastRow) => regions.indexOf(row.region);
    rows.sort((a, b) => order(a) - order(b) || a.lead - b.lead);
    const uri = `forecasts/${key}/forecast.parquet`;
    await writeForecast(home.path(uri), rows);
    made = rows;
    const answers = asked.map(({ region, issuedAt, by }) => ({
      region,
      issuedAt: toHourStamp(issuedAt),
      by,
    }));
    return {
      files: [{ ...(await referTo(home, uri, rows.length)), role: 'forecast' }],
      rows: rows.length,
      details: {
        ...{ name: record.name, version: record.version, answers },
        ...(withoutOperator.length > 0 && { withoutOperator }),
      },
    };
  });
  const rows = made ?? (await readForecast(await verifiedPath(home, manifest.files[0]!)));
  await answering.answered?.();
  const answers = asked.map(({ region, issuedAt, by }) => ({ region, issuedAt: toHourStamp(issuedAt), by }));
  const levels = asked.some(({ by }) => by === 'day-ahead') ? [...QUANTILES] : [];
  return {
    dataset: reference,
    reused,
    model: { name: record.name, version: record.version },
    answeredBy: { role: answering.role, why: answering.why, test: answering.test },
    answers,
    levels,
    rows,
    ...operatorDetails.parse(manifest.details),
  };
}

const operatorDetails = z.object({ withoutOperator: z.array(regionCode).optional() });

/** Whether a model that takes the operator's forecast of the day had none of it at the issue. */
function lacksOperator(
  { dayAhead }: LiveModel,
  { by }: Issue,
  { rows }: RegionRecord,
  answered: readonly ForecastRow[],
): boolean {
  if (by !== 'day-ahead' || !dayAhead?.issues.operator) return false;
  return !answered.some(({ hour }) =>
    Number.isFinite(rows.forecast.values[(fromHourStamp(hour) - rows.first) / HOUR_SECONDS]),
  );
}

interface Issue extends NewestDemand {
  region: RegionCode;
  issuedAt: number;
  by: Answer['by'];
}

/**
 * When a forecast of each region is issued, and by what: the day ahead where that is its issue time, hour by hour at any
 * other. By default the newest day ahead of each region, whose clocks differ; of a model that has none, the hours after
 * the newest demand.
 */
async function issuesAsked(
  { home }: StageContext,
  grid: Manifest,
  regions: readonly RegionCode[],
  { issuedAt: given, asOf }: Pick<ForecastInput, 'issuedAt' | 'asOf'>,
  { dayAhead }: LiveModel,
): Promise<Issue[]> {
  const newest: NewestDemand[] = [];
  for (const region of regions) {
    const demand = await newestDemand(home, grid, region);
    newest.push(asOf === undefined ? demand : knownBy(demand, fromHourStamp(asOf)));
  }
  return regions.map((region, i) => {
    const demand = newest[i]!;
    if (dayAhead && given === undefined) {
      const issuedAt = newestDayAheadIssue(demand, region, dayAhead.issues);
      return { region, issuedAt, by: 'day-ahead', ...demand };
    }
    const issuedAt = given === undefined ? newestIssue(newest) : fromHourStamp(given);
    const isDayAhead = dayAhead && isIssueTime(issuedAt, region, dayAhead.issues);
    return { region, issuedAt, by: isDayAhead ? 'day-ahead' : 'hourly', ...demand };
  });
}

/** A network alone answers from any hour on. */
function withoutHours(
  { name, version }: VersionRecord,
  region: RegionCode,
  { issueHourLocal }: IssueDetails,
): BadInputError {
  const utc = (issueHourLocal - REGIONS[region].standardOffsetHours + 24) % 24;
  return new BadInputError(
    `${name} version ${version} has no network among its members: it forecasts the day ahead of ${region}, issued at ${utc}:00 UTC, and from no other hour.`,
    'Give such an hour, or none, or fit with the transformer as a member.',
  );
}

async function answerOf(
  { network, dayAhead }: LiveModel,
  borrowed: DayAhead | undefined,
  { issuedAt, by }: Issue,
  record: RegionRecord,
): Promise<ForecastRow[]> {
  if (by === 'hourly' || !dayAhead || !borrowed) return forecastRegion(network!, record, issuedAt);
  const { issues } = dayAhead;
  return forecastDayAhead(borrowed, issues, record, issuedAt, issues.weather ? await shippedRuns() : []);
}

let runs: Promise<WeatherRuns[]> | undefined;
/** Of the regions that any are shipped of; they come with this version of Ringwatt and are read once a process. */
async function shippedRuns(): Promise<WeatherRuns[]> {
  runs ??= readWeatherFolder(SHIPPED_WEATHER, REGION_CODES);
  return runs.catch((error: unknown) => {
    runs = undefined;
    throw error;
  });
}

/**
 * The days that a forecast rests on; where the record ends long before the issue, its last ones. They begin where those
 * of the days before do, so that what was made of these stands to the bit: sums begin at a record's beginning.
 */
function periodOf({ issuedAt, validAt }: Issue, sequenceLength: number): DateRange {
  const reach = Math.max(sequenceLength + REACH_HOURS + FOLLOWED_HOURS, ISSUE_REACH_HOURS);
  const furthest = Math.min(issuedAt, validAt) - (reach + 24) * HOUR_SECONDS;
  return {
    from: toDate(Math.floor(furthest / BEGIN_EVERY_SECONDS) * BEGIN_EVERY_SECONDS),
    to: toDate(issuedAt + AHEAD_HOURS * HOUR_SECONDS),
  };
}

/** Who answers, where the call names no version: of an issue that is not named either, the newest one. */
function chosenVersion(home: Home, input: ForecastInput): Promise<Answering> {
  return answeringVersion(home, input, async ({ record }) => {
    const regions = input.regions ?? record.metrics.map(({ region }) => region);
    if (input.issuedAt !== undefined) return { regions, issuedAt: input.issuedAt };
    const grid = input.grid
      ? await readManifest(home, input.grid, 'grid')
      : (await newestRecord(home, regions)).manifest;
    const newest = await Promise.all(regions.map((region) => newestDemand(home, grid, region)));
    return { regions, issuedAt: toHourStamp(newestIssue(newest)) };
  });
}
