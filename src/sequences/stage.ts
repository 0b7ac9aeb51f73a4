import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import type { RegionCode } from '../contracts/regions.ts';
import type { SequencesInput, StageResult } from '../contracts/stages.ts';
import { firstHourOf, HOUR_SECONDS, lastHourOf } from '../contracts/time.ts';
import { issueTensors } from '../day-ahead/codec.ts';
import type { IssueTable } from '../day-ahead/issue-table.ts';
import { issueDetails } from '../day-ahead/read.ts';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../errors.ts';
import { catalogueHash, type CatalogueEntry } from '../features/catalogue.ts';
import { numericColumns } from '../features/numeric-columns.ts';
import { readValidatedRows, type ValidatedRows } from '../features/validated-rows.ts';
import { onceByKey, readArtifact, readManifest, referTo, verifiedPath } from '../lake/artifacts.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { readColumns } from '../lake/parquet.ts';
import { tensor, writeSafetensors } from '../lake/safetensors.ts';
import type { StageContext } from '../stages/context.ts';
import { buildInputs, channelNames, type RegionInputs } from './inputs.ts';
import { issueDetailsFor, IssueTables, weatherBehind } from './issue-tables.ts';
import { CLIP, fitScaling, frozenColumns, parseNormaliser, type Normaliser } from './normaliser.ts';
import { trainingWindows } from './training-windows.ts';

/** Raised when the same features and settings would give other tensors. */
const VERSION = 5;

/**
 * Cuts the sequences dataset: a safetensors file a region with the inputs of all hours from training to scoring,
 * the normaliser fitted on the training hours (or one of before that training goes on with), the catalogue, and in the
 * manifest where training sequences start. Sequences are windows on the region's hours, so that the file does not grow with their overlap. With a normaliser
 * of before there is nothing to train: the dataset holds the hours to score and a sequence of hours before them.
 */
export async function cutSequences(context: StageContext, input: SequencesInput): Promise<StageResult> {
  const { home } = context;
  requireRanges(input);
  const features = await readManifest(home, input.dataset, 'features');
  const validated = await readManifest(home, sourceOf(features), 'validated');
  const catalogueFile = features.files.find(({ role }) => role === 'catalogue');
  if (!catalogueFile)
    throw new CorruptArtifactError(`${input.dataset.uri} lists no catalogue.`, 'Run `features` again.');
  const entries = JSON.parse((await readArtifact(home, catalogueFile)).toString('utf8')) as CatalogueEntry[];
  const { dataset, ...settings } = input;
  const given = input.normaliser ?? input.goOnWith;
  const before = given && (await normaliserFor(home, given, entries));
  if (before && input.goOnWith) requireSameIssues(before, input);
  // A model of before issue tables takes none.
  const issues = before ? before.issues : issueDetailsFor(input);
  const weather = issues && (await weatherBehind(issues, input.regions));
  const work = {
    kind: 'sequences' as const,
    stage: 'cutSequences',
    version: VERSION,
    settings: { ...settings, ...(weather && { weather }) },
    inputs: [dataset],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    const fitted: Normaliser = before ?? {
      formatVersion: 1,
      columns: entries.filter(({ numeric }) => numeric).map(({ name }) => name),
      catalogueHash: catalogueHash(entries),
      dtype: features.details['dtype'] === 'float64' ? 'float64' : 'float32',
      horizon: input.horizon,
      clip: CLIP,
      regions: {},
    };
    const tables = issues && (await IssueTables.open(issues, input.regions));
    const files: Manifest['files'] = [];
    const windows: Record<string, number[]> = {};
    for (const region of input.regions) {
      context.signal.throwIfAborted();
      context.progress({
        stage: 'sequences',
        done: files.length,
        total: input.regions.length,
        unit: 'regions',
        note: region,
      });
      const columns = await readColumns(await verifiedPath(home, fileOf(features, region)));
      const rows = await readValidatedRows(await verifiedPath(home, fileOf(validated, region)), region);
      const span = spanOf(rows, input);
      fitted.regions[region] ??= fitScaling(
        numericColumns(columns.frame, fitted.columns),
        span.train.from,
        span.train.to,
      );
      const inputs = buildInputs(columns, rows, fitted, span);
      windows[region] = input.normaliser
        ? []
        : trainingWindows(inputs.demandKnown, inputs.demandFinal, {
            ...input,
            from: span.train.from - span.from,
            to: span.train.to - span.from,
          });
      const table = tables?.build(rows, region, span);
      if (table && !before) tables?.learn(table, input.train);
      files.push({ ...(await writeRegion(home, key, inputs, table)), region, role: 'region' });
    }
    if (tables && !before) fitted.issues = tables.scaling();
    context.progress({ stage: 'sequences', done: files.length, total: files.length, unit: 'regions' });
    if (!input.normaliser) requireSequences(windows, input);
    return {
      files: [
        ...files,
        { ...(await writeJson(home, `sequences/${key}/normaliser.json`, fitted)), role: 'normaliser' },
        { ...(await writeJson(home, `sequences/${key}/catalogue.json`, entries)), role: 'catalogue' },
      ],
      rows: files.reduce((sum, { rows = 0 }) => sum + rows, 0),
      details: {
        ...settings,
        channels: channelNames(fitted),
        frozen: frozenColumns(fitted),
        windows,
        ...(issues && { issues: issueDetails.strip().parse(issues) }),
      },
    };
  });
  return { dataset: reference, reused, facts: factsOf(manifest) };
}

/** A normaliser that was fitted before, which the features at hand must suit. */
async function normaliserFor(
  home: Home,
  reference: ArtifactReference,
  entries: CatalogueEntry[],
): Promise<Normaliser> {
  const fitted = parseNormaliser(await readArtifact(home, reference), reference.uri);
  if (fitted.catalogueHash === catalogueHash(entries)) return fitted;
  throw new BadInputError(
    `The normaliser ${reference.uri} was fitted on another feature catalogue than these features have.`,
    'Train again on features of this version of Ringwatt.',
  );
}

/** A network that goes on being trained answers from the columns that it was trained with, and from no others. */
function requireSameIssues({ issues }: Normaliser, input: SequencesInput): void {
  const wanted = issueDetails.parse(JSON.parse(canonicalJson(issueDetailsFor(input))));
  const had = issues && issueDetails.strip().parse(issues);
  if (had && canonicalJson(had) === canonicalJson(wanted)) return;
  throw new BadInputError(
    'The normaliser to go on with was fitted on issue tables of other columns than are asked for.',
    'Ask for the inputs that the model before was trained with, or begin afresh.',
  );
}

interface Span {
  /** Rows of the region's table that the dataset holds, `to` excluded. */
  from: number;
  to: number;
  train: { from: number; to: number };
}

function spanOf({ region, first, hours }: ValidatedRows, input: SequencesInput): Span {
  const { train, score, sequenceLength, normaliser } = input;
  const rowOf = (time: number) => Math.max(0, Math.min(hours, (time - first) / HOUR_SECONDS));
  const rowsOf = (range: { from: string; to: string }) => ({
    from: rowOf(firstHourOf(range.from)),
    to: rowOf(lastHourOf(range.to) + HOUR_SECONDS),
  });
  const training = rowsOf(train);
  const scoring = rowsOf(score);
  for (const [name, range, rows] of [
    ['train on', train, training],
    ['score', score, scoring],
  ] as const) {
    if (rows.from < rows.to || (normaliser && rows === training)) continue;
    throw new MissingDataError(
      `${region} has no hours to ${name} from ${range.from} to ${range.to}.`,
      'Choose a range that the dataset has, or ingest it.',
    );
  }
  if (normaliser) {
    return { from: Math.max(0, scoring.from - sequenceLength), to: scoring.to, train: training };
  }
  return {
    from: Math.min(training.from, scoring.from),
    to: Math.max(training.to, scoring.to),
    train: training,
  };
}

function requireRanges({ train, score }: SequencesInput): void {
  for (const [name, { from, to }] of Object.entries({ train, score })) {
    if (lastHourOf(to) >= firstHourOf(from)) continue;
    throw new BadInputError(`The ${name} range ends (${to}) before it starts (${from}).`, 'Swap its dates.');
  }
  if (firstHourOf(score.from) <= lastHourOf(train.to) && firstHourOf(train.from) <= lastHourOf(score.to)) {
    throw new BadInputError(
      `Training (${train.from} to ${train.to}) and scoring (${score.from} to ${score.to}) overlap.`,
      'Score hours that are not trained on.',
    );
  }
}

function requireSequences(windows: Record<string, number[]>, input: SequencesInput): void {
  if (Object.values(windows).some((starts) => starts.length > 0)) return;
  const { train, sequenceLength, horizon } = input;
  throw new BadInputError(
    `From ${train.from} to ${train.to} there is no sequence of ${sequenceLength} hours with ${horizon} hours to predict after it.`,
    'Train on a longer range, or ask for shorter sequences.',
  );
}

function sourceOf(features: Manifest): ArtifactReference {
  const source = features.inputs[0];
  if (source) return source;
  throw new CorruptArtifactError(
    `The features manifest ${features.key} has no input.`,
    'Run `features` again.',
  );
}

function fileOf({ kind, key, files }: Manifest, region: RegionCode): ArtifactReference {
  const file = files.find((entry) => entry.region === region);
  if (!file) {
    throw new MissingDataError(
      `The ${kind} dataset ${key} has no region ${region}.`,
      `Make it with ${region}.`,
    );
  }
  const { uri, sha256, bytes } = file;
  return { uri, sha256, bytes };
}

async function writeRegion(
  home: Home,
  key: string,
  made: RegionInputs,
  issues: IssueTable | undefined,
): Promise<ArtifactReference> {
  const { region, first, hours, channels, inputs, demandKnown, demandFinal, forecast } = made;
  await home.requireFreeSpace(inputs.byteLength + (issues?.features.byteLength ?? 0), 'Cutting sequences');
  const uri = `sequences/${key}/region=${region}.safetensors`;
  const validAt = BigInt64Array.from({ length: hours }, (_, i) => BigInt(first + i * HOUR_SECONDS));
  await writeSafetensors(home.path(uri), {
    inputs: tensor(inputs, [hours, channels.length]),
    valid_at: tensor(validAt, [hours]),
    demand_known: tensor(demandKnown, [hours]),
    demand_final: tensor(demandFinal, [hours]),
    forecast: tensor(forecast, [hours]),
    ...(issues && issueTensors(issues)),
  });
  return referTo(home, uri, hours);
}

async function writeJson(home: Home, uri: string, value: unknown): Promise<ArtifactReference> {
  await writeFileAtomic(home.path(uri), `${canonicalJson(value)}\n`);
  return referTo(home, uri);
}

function factsOf({ files, rows, details }: Manifest): StageResult['facts'] {
  const windows = details['windows'] as Record<string, number[]>;
  return {
    regions: Object.keys(windows).length,
    hours: rows,
    sequences: Object.values(windows).reduce((sum, starts) => sum + starts.length, 0),
    channels: (details['channels'] as string[]).length,
    frozen: (details['frozen'] as string[]).length,
    megabytes: Math.round(files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6),
  };
}
