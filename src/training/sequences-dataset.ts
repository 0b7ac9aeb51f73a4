import { z } from 'zod';
import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import { dateRange, lastHourOf } from '../contracts/time.ts';
import { CorruptArtifactError, describeIssues, MissingDataError } from '../errors.ts';
import { issueTableFrom } from '../day-ahead/codec.ts';
import { issueDetails } from '../day-ahead/read.ts';
import { readArtifact, readManifest, verifiedPath } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { SafetensorsFile } from '../lake/safetensors.ts';
import { parseNormaliser, type Normaliser } from '../sequences/normaliser.ts';
import { PADDING } from '../sequences/ring-layout.ts';
import { demandLogs, givenLogs, targetsAt, type DemandLogs } from './targets.ts';
import { TrainingIssues, type IssueShare } from './training-issues.ts';

const CUT_AGAIN = 'Cut the sequences again.';

/** What a sequences manifest says of itself, as far as training needs it. */
const sequencesDetails = z.object({
  channels: z.array(z.string()).min(1),
  sequenceLength: z.number().int().positive(),
  horizon: z.number().int().positive(),
  train: dateRange,
  regions: z.array(z.string()).min(1),
  windows: z.record(z.string(), z.array(z.number().int().nonnegative())),
  /** Absent in datasets of before issue tables. */
  issues: issueDetails.optional(),
  /** There for a person's own series: targets are differences from a level of each row, in units of `scale`. */
  given: z.object({ scale: z.number().positive() }).optional(),
});
export type SequencesDetails = z.infer<typeof sequencesDetails>;

/** One training sequence: a region and the row where it begins. */
export interface SequenceWindow {
  region: number;
  start: number;
}

/** This rank's rows of a sequence: inputs are tokens × channels, targets tokens × horizon, NaN where masked. */
export interface SequenceShare {
  inputs: Float32Array;
  targets: Float32Array;
  region: number;
  /** Where the dataset has issue tables. */
  issues?: IssueShare | undefined;
}

export async function readSequencesManifest(
  home: Home,
  reference: ArtifactReference,
): Promise<{ manifest: Manifest; details: SequencesDetails }> {
  const manifest = await readManifest(home, reference, 'sequences');
  const parsed = sequencesDetails.safeParse(manifest.details);
  if (!parsed.success) {
    throw new CorruptArtifactError(
      `${reference.uri} does not describe its sequences (${describeIssues(parsed.error.issues)}).`,
      CUT_AGAIN,
    );
  }
  return { manifest, details: parsed.data };
}

/** The training sequences of a dataset. Of the inputs only the rows of this rank's tokens are ever read. */
export class SequencesDataset implements AsyncDisposable {
  readonly details: SequencesDetails;
  /** In the order of regions, then time: what the data order permutes. */
  readonly windows: SequenceWindow[];
  /** By region, as the demand is. */
  readonly #files: SafetensorsFile[] = [];
  readonly #demand: DemandLogs[] = [];
  /** By region; empty where the dataset has no issue tables. */
  readonly issues: TrainingIssues[] = [];

  private constructor(details: SequencesDetails) {
    this.details = details;
    this.windows = details.regions.flatMap((name, region) =>
      (details.windows[name] ?? []).map((start) => ({ region, start })),
    );
  }

  static async open(home: Home, reference: ArtifactReference): Promise<SequencesDataset> {
    const { manifest, details } = await readSequencesManifest(home, reference);
    const lastSecond = lastHourOf(details.train.to);
    const dataset = new SequencesDataset(details);
    const normaliser = details.issues && (await normaliserOf(home, manifest));
    try {
      for (const region of details.regions) {
        const entry = manifest.files.find(({ role, region: of }) => role === 'region' && of === region);
        if (!entry) throw new CorruptArtifactError(`${reference.uri} lists no file of ${region}.`, CUT_AGAIN);
        const file = await SafetensorsFile.open(await verifiedPath(home, entry));
        dataset.#files.push(file);
        dataset.#demand.push(await readDemand(file, lastSecond, details));
        if (normaliser) dataset.issues.push(await readIssues(file, region, details, normaliser));
      }
      if (dataset.windows.length > 0) return dataset;
      throw new MissingDataError(
        `${reference.uri} has no training sequence of ${details.sequenceLength} hours.`,
        'Train on a longer range, or cut shorter sequences.',
      );
    } catch (error) {
      await dataset.close();
      throw error;
    }
  }

  /**
   * The rows of `window` at these positions; padding gives zeros and masked targets. `into` is a share of before, of
   * the same positions, whose arrays are used again.
   */
  async share(
    { region, start }: SequenceWindow,
    positions: Int32Array,
    into?: SequenceShare,
  ): Promise<SequenceShare> {
    const { channels, horizon } = this.details;
    const inputs = into?.inputs ?? new Float32Array(positions.length * channels.length);
    await readRows(this.#files[region]!, start, positions, inputs, channels.length);
    const lagOf = this.details.given && ((lead: number) => lead);
    const targets = targetsAt(this.#demand[region]!, start, positions, horizon, into?.targets, lagOf);
    return { inputs, targets, region, issues: this.issues[region]?.share(start, positions) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.close()));
  }
}

/** Hours after `lastSecond` are scored, not trained on: their demand is hidden from the targets. */
async function readDemand(
  file: SafetensorsFile,
  lastSecond: number,
  { given }: SequencesDetails,
): Promise<DemandLogs> {
  const [validAt, known, final] = await Promise.all(
    ['valid_at', 'demand_known', 'demand_final'].map((name) => file.read(name)),
  );
  const hidden = (validAt!.data as BigInt64Array).findIndex((second) => Number(second) > lastSecond);
  const targets = final!.data as Float32Array;
  if (hidden >= 0) targets.fill(Number.NaN, hidden);
  return (given ? givenLogs : demandLogs)({ known: known!.data as Float32Array, final: targets });
}

async function normaliserOf(home: Home, { key, files }: Manifest): Promise<Normaliser> {
  const file = files.find(({ role }) => role === 'normaliser');
  if (file) return parseNormaliser(await readArtifact(home, file), file.uri);
  throw new CorruptArtifactError(`The sequences dataset ${key} has no normaliser.`, CUT_AGAIN);
}

async function readIssues(
  file: SafetensorsFile,
  region: string,
  { issues, train }: SequencesDetails,
  { issues: scaling }: Normaliser,
): Promise<TrainingIssues> {
  if (!issues || !scaling) {
    throw new CorruptArtifactError(`The normaliser of ${file.path} knows no issues.`, CUT_AGAIN);
  }
  const table = await issueTableFrom((name) => file.read(name), { region, ...issues });
  const hours = (await file.read('valid_at')).data as BigInt64Array;
  return new TrainingIssues(table, scaling, { train, first: Number(hours[0]), rows: hours.length });
}

/** Rows of a file that are read at once: some 1.3 MB, so that reading holds little beside its result. */
const ROWS_AT_ONCE = 1024;

/** Copies the rows of `inputs` at `start` + positions to where their tokens lie. */
async function readRows(
  file: SafetensorsFile,
  start: number,
  positions: Int32Array,
  inputs: Float32Array,
  columns: number,
): Promise<void> {
  for (const { at, tokens, from, to } of spansOf(positions)) {
    const { data } = await file.read('inputs', start + from, start + to);
    const rows = data as Float32Array;
    for (let token = at; token < at + tokens; token++) {
      const row = positions[token]! - from;
      inputs.set(rows.subarray(row * columns, (row + 1) * columns), token * columns);
    }
  }
}

/**
 * Cuts tokens into runs of rising positions that few rows span, each of which is one read: rows `from` … `to`
 * (excluded) for `tokens` tokens from `at` on. Of stripes, the rows of the other ranks are read and passed over.
 */
function spansOf(positions: Int32Array): { at: number; tokens: number; from: number; to: number }[] {
  const spans: { at: number; tokens: number; from: number; to: number }[] = [];
  positions.forEach((position, at) => {
    if (position === PADDING) return;
    const last = spans.at(-1);
    const follows = last && last.at + last.tokens === at && position >= last.to;
    if (follows && position - last.from < ROWS_AT_ONCE) {
      last.to = position + 1;
      last.tokens++;
    } else {
      spans.push({ at, tokens: 1, from: position, to: position + 1 });
    }
  });
  return spans;
}
