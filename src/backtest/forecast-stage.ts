import type { ArtifactReference } from '../contracts/artifact.ts';
import type { ForecastInput } from '../contracts/stages.ts';
import { HOUR_SECONDS, fromHourStamp, toHourStamp, type DateRange } from '../contracts/time.ts';
import { BadInputError, MissingDataError } from '../errors.ts';
import { onceByKey, readArtifact, readManifest, referTo, verifiedPath } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { loadPredictor } from '../model/predictor.ts';
import { readChampion } from '../registry/champion.ts';
import { readVersion, type ModelVersion } from '../registry/versions.ts';
import { parseNormaliser, type Normaliser } from '../sequences/normaliser.ts';
import type { StageContext } from '../stages/context.ts';
import { validate } from '../validation/stage.ts';
import { readForecast, writeForecast } from './forecast-file.ts';
import {
  REACH_HOURS,
  forecastRegion,
  readRegionRecord,
  type ForecastRow,
  type RegionRecord,
} from './forecast.ts';
import { newestDemand, newestIssue, type NewestDemand } from './newest-issue.ts';
import { newestRecord } from './newest-record.ts';

/** Raised when the same model and record would give another forecast. */
const STAGE_VERSION = 2;
/** What the operators forecast ahead of an issue, with room to spare. */
const AHEAD_HOURS = 8 * 24;

export interface ForecastResult {
  /** A forecast manifest: one Parquet file of role `forecast`. */
  dataset: ArtifactReference;
  reused: boolean;
  model: { name: string; version: number };
  rows: ForecastRow[];
}

/**
 * The next hours of each region by a registered model, from all that was known at `issuedAt` and nothing else: a value
 * that was first seen long after its hour counts, where that was before the issue. Refuses a model that is
 * not there or damaged, a region that it was not trained on, and an issue time that the record does not reach.
 */
export async function forecast(context: StageContext, input: ForecastInput): Promise<ForecastResult> {
  const { home } = context;
  const version = await chosenVersion(home, input);
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
  const newest: NewestDemand[] = [];
  for (const region of regions) newest.push(await newestDemand(home, gridManifest, region));
  const issuedAt = input.issuedAt === undefined ? newestIssue(newest) : fromHourStamp(input.issuedAt);
  const { dataset } = await validate(context, {
    dataset: grid,
    regions,
    period: periodOf(issuedAt, newest, record.sequenceLength),
    asOf: toHourStamp(issuedAt),
  });
  const validated = await readManifest(home, dataset, 'validated');
  const records: RegionRecord[] = [];
  for (const region of regions) records.push(await readRegionRecord(home, validated, region));
  const work = {
    kind: 'forecast' as const,
    stage: 'forecast',
    version: STAGE_VERSION,
    settings: { issuedAt: toHourStamp(issuedAt), regions },
    inputs: [version.model, dataset],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    const predictor = await loadPredictor(home, version.model);
    const normaliser = await normaliserOf(home, version.model);
    const model = { predictor, normaliser, sequenceLength: record.sequenceLength };
    const rows: ForecastRow[] = [];
    try {
      for (const [done, region] of records.entries()) {
        context.signal.throwIfAborted();
        context.progress({ stage: 'forecast', done, total: records.length, unit: 'regions' });
        rows.push(...(await forecastRegion(model, region, issuedAt)));
      }
    } finally {
      predictor.dispose();
    }
    const uri = `forecasts/${key}/forecast.parquet`;
    await writeForecast(home.path(uri), rows);
    return {
      files: [{ ...(await referTo(home, uri, rows.length)), role: 'forecast' }],
      rows: rows.length,
      details: { name: record.name, version: record.version, issuedAt: toHourStamp(issuedAt) },
    };
  });
  const rows = await readForecast(await verifiedPath(home, manifest.files[0]!));
  return { dataset: reference, reused, model: { name: record.name, version: record.version }, rows };
}

/** The days that a forecast rests on; where the record ends long before the issue, its last ones. */
function periodOf(issuedAt: number, newest: readonly NewestDemand[], sequenceLength: number): DateRange {
  const last = Math.min(issuedAt, ...newest.map(({ validAt }) => validAt));
  const dateOf = (seconds: number) => toHourStamp(seconds).slice(0, 10);
  return {
    from: dateOf(last - (sequenceLength + REACH_HOURS + 24) * HOUR_SECONDS),
    to: dateOf(issuedAt + AHEAD_HOURS * HOUR_SECONDS),
  };
}

async function chosenVersion(home: Home, { name, version }: ForecastInput): Promise<ModelVersion> {
  if (version !== undefined) return readVersion({ home }, { name, version });
  const champion = await readChampion({ home }, { name });
  if (champion) return readVersion({ home }, champion);
  throw new MissingDataError(
    `The model ${name} has no champion.`,
    'Promote a version, or name one with --model-version; `models` lists them.',
  );
}

async function normaliserOf(home: Home, model: ArtifactReference): Promise<Normaliser> {
  const { files } = await readManifest(home, model, 'training');
  const file = files.find(({ role }) => role === 'normaliser');
  if (!file) throw new MissingDataError(`${model.uri} has no normaliser.`, 'Register the model again.');
  return parseNormaliser(await readArtifact(home, file), file.uri);
}
