import type { ArtifactReference } from '../contracts/artifact.ts';
import type { SeriesForecastInput } from '../contracts/series.ts';
import { BadInputError } from '../errors.ts';
import { onceByKey, readManifest, referTo, verifiedPath } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { answeringVersion, type Answering } from '../registry/answering.ts';
import { versionFile } from '../registry/layout.ts';
import type { ModelVersion } from '../registry/versions.ts';
import type { StageContext } from '../stages/context.ts';
import { candidateNamed, candidatesOf } from './candidates.ts';
import type { CleanSeries } from './clean.ts';
import { readForecastRows, writeForecastRows, type SeriesForecastRow } from './forecast-rows.ts';
import { joinSeries } from './join.ts';
import { readCsvSeries } from './read-stage.ts';
import { readScores, type ScoresDocument } from './scores-document.ts';
import { standardisedSeries } from './series-data.ts';
import { readSeries } from './series-file.ts';
import { spellTime } from './times.ts';

/** Raised when the same version and series would give another forecast. */
const STAGE_VERSION = 1;

export interface SeriesForecastResult {
  /** A forecast manifest: one Parquet file of role `forecast`. */
  dataset: ArtifactReference;
  reused: boolean;
  model: { name: string; version: number; chosen: string };
  /** Why this version and no other. */
  answeredBy: Pick<Answering, 'role' | 'why' | 'test'>;
  rows: SeriesForecastRow[];
}

/** The next rows of every target by a registered version, from the end of its series or of the newer rows given. */
export async function forecastSeries(
  context: StageContext,
  input: SeriesForecastInput,
): Promise<SeriesForecastResult> {
  const { home } = context;
  const answering = await chosenVersion(home, input);
  const { version } = answering;
  const { record } = version;
  if (!record.series) {
    throw new BadInputError(
      `${record.name} version ${record.version} forecasts the grid's demand, not a series of its own.`,
      'Leave out --csv, or name a model that `train --csv` made.',
    );
  }
  const newer = input.csv && (await readNewer(context, input.csv, version));
  const scored = await readManifest(home, version.model, 'series-backtest');
  const work = {
    kind: 'forecast' as const,
    stage: 'forecastSeries',
    version: STAGE_VERSION,
    settings: {},
    inputs: [version.model, record.lineage.series!, ...(newer ? [newer] : [])],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    const document = await readScores(home, scored);
    const old = await readSeries(home, record.lineage.series!);
    const series = newer
      ? joinSeries(old.series, (await readSeries(home, newer)).series, document.plan.context)
      : old.series;
    const rows = await forecastRows(home, version, document, series);
    const uri = `forecasts/${key}/forecast.parquet`;
    await writeForecastRows(home.path(uri), rows);
    return {
      files: [{ ...(await referTo(home, uri, rows.length)), role: 'forecast' }],
      rows: rows.length,
      details: { name: record.name, version: record.version, after: spellTime(endOf(series)) },
    };
  });
  const rows = await readForecastRows(await verifiedPath(home, manifest.files[0]!));
  await answering.answered?.();
  const { name, version: number, series } = record;
  return {
    dataset: reference,
    reused,
    model: { name, version: number, chosen: series.chosen },
    answeredBy: { role: answering.role, why: answering.why, test: answering.test },
    rows,
  };
}

/** Of the same rows the same version answers, while a canary stands. */
const chosenVersion = (home: Home, input: SeriesForecastInput): Promise<Answering> =>
  answeringVersion(home, input, async () => ({
    regions: [],
    issuedAt: input.csv?.sha256 ?? 'the rows of the training',
  }));

/** Rows of the same columns and frequency as those of the training. */
async function readNewer(
  context: StageContext,
  csv: ArtifactReference,
  { record }: ModelVersion,
): Promise<ArtifactReference> {
  const { columns, frequency } = record.series!;
  return (await readCsvSeries(context, { ...columns, frequency, csv })).dataset;
}

async function forecastRows(
  home: Home,
  version: ModelVersion,
  { plan, chosen, scales, covariateScales, intervals, shares }: ScoresDocument,
  series: CleanSeries,
): Promise<SeriesForecastRow[]> {
  const { horizon } = plan;
  requireContext(series, plan.context);
  requireCovariates(series, horizon);
  const data = standardisedSeries(series, plan, scales, covariateScales);
  const candidates = await candidatesOf(home, { ...placedModels(version), shares }, data);
  const forecaster = candidateNamed(candidates, chosen);
  const rows: SeriesForecastRow[] = [];
  for (const [target, name] of data.names.entries()) {
    const { mean, deviation } = scales[target]!;
    const { lower, upper } = intervals[target]!;
    const answer = await forecaster.predict(data, target, series.rows, 1);
    for (let h = 0; h < horizon; h++) {
      const inUnits = (value: number) => mean + deviation * value;
      rows.push({
        target: name,
        time: spellTime(endOf(series) + (h + 1) * series.step),
        step: h + 1,
        forecast: inUnits(answer[h]!),
        lower: inUnits(answer[h]! + lower[h]!),
        upper: inUnits(answer[h]! + upper[h]!),
      });
    }
  }
  return rows;
}

/** The models as they lie in the version's own folder. */
function placedModels({ record }: ModelVersion) {
  return {
    linear: versionFile(record, 'series-model-manifest'),
    transformer: versionFile(record, 'training-manifest'),
  };
}

const endOf = ({ start, step, rows }: CleanSeries) => start + (rows - 1) * step;

function requireContext({ rows }: CleanSeries, context: number): void {
  if (rows >= context) return;
  throw new BadInputError(`There are ${rows} rows; the model looks back on ${context}.`, 'Give more rows.');
}

/** A covariate that ends is not carried on by guess: what it says of the hours ahead is why it is there. */
function requireCovariates(series: CleanSeries, horizon: number): void {
  const until = spellTime(endOf(series) + horizon * series.step);
  for (const [name, values] of series.covariates) {
    if (values.length >= series.rows + horizon) continue;
    const last = spellTime(series.start + (values.length - 1) * series.step);
    throw new BadInputError(
      `Covariate ${name} ends at ${last}; a forecast of ${horizon} rows needs it to ${until}.`,
      'Give a file with --csv whose last rows hold the covariates ahead and leave the targets empty, or train without it.',
    );
  }
}
