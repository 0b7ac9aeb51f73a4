import { z } from 'zod';
import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import { dateRange } from '../contracts/time.ts';
import type { ReportInput } from '../contracts/stages.ts';
import { timeShares } from '../contracts/training.ts';
import { readHours } from '../backtest/hours-file.ts';
import type { HourTable } from '../backtest/hours.ts';
import type { ScoresDocument } from '../backtest/scores.ts';
import { CorruptArtifactError, MissingDataError, describeIssues } from '../errors.ts';
import { readArtifact, readManifest, verifiedPath } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { readQuality, type RegionQuality } from './quality.ts';
import type { TrainingStep } from './charts/training.ts';

const trainingFacts = z.looseObject({
  steps: z.number(),
  finalLoss: z.number(),
  ringSize: z.number(),
  tokensPerSecond: z.number(),
  slotMemoryMb: z.array(z.number()),
  seconds: z.number(),
  /** Null where TensorFlow.js computed; absent, with the rest, from models of before the kernels. */
  kernel: z.string().nullable().optional(),
  numerics: z.string().optional(),
  /** By rank. */
  slotShares: z.array(timeShares).optional(),
  bitsMayDiffer: z.boolean().default(false),
  wireError: z.string().optional(),
  restarts: z.number().default(0),
  stepsLost: z.number().default(0),
  fullRestarts: z.number().default(0),
});

const sequenceFacts = z.looseObject({
  channels: z.array(z.string()),
  sequenceLength: z.number(),
  horizon: z.number(),
  train: dateRange,
  score: dateRange,
});

const featureFacts = z.looseObject({ columns: z.number() });

/** When an operator's forecast counts as known: see the sources' rules of availability. */
const gridSettings = z.looseObject({ dfAvailability: z.enum(['operator', 'eia']).default('operator') });

const seriesAccounts = z.array(
  z.looseObject({ region: z.string(), series: z.string(), present: z.number(), missing: z.number() }),
);

/** Everything the page tells, read and checked before a line of it is written. */
export interface ReportData {
  name: string;
  version: number;
  scores: ScoresDocument;
  hours: HourTable[];
  history: TrainingStep[];
  training: z.infer<typeof trainingFacts>;
  sequences: z.infer<typeof sequenceFacts>;
  quality: RegionQuality[];
  account: z.infer<typeof seriesAccounts>;
  dfAvailability: z.infer<typeof gridSettings>['dfAvailability'];
  features: { rows: number; columns: number };
  lineage: { stage: string; reference: ArtifactReference }[];
}

export async function gatherReport(home: Home, input: ReportInput): Promise<ReportData> {
  const [grid, validated, features, sequences, training, backtest] = await Promise.all([
    readManifest(home, input.grid, 'grid'),
    readManifest(home, input.validated, 'validated'),
    readManifest(home, input.features, 'features'),
    readManifest(home, input.sequences, 'sequences'),
    readManifest(home, input.model, 'training'),
    readManifest(home, input.backtest, 'backtest'),
  ]);
  const scores = (await readJson(home, backtest, 'scores')) as ScoresDocument;
  const regions = scores.regions.map(({ region }) => region);
  return {
    name: input.name,
    version: input.version,
    scores,
    hours: await readHours(await verifiedPath(home, fileOf(backtest, 'hours'))),
    history: (await readJson(home, training, 'history')) as TrainingStep[],
    training: checked(trainingFacts, training),
    sequences: checked(sequenceFacts, sequences),
    quality: await readQuality(home, validated, regions),
    account: checked(z.looseObject({ account: seriesAccounts }), grid).account,
    dfAvailability: checked(gridSettings, grid, grid.madeBy.settings).dfAvailability,
    features: { rows: features.rows, columns: checked(featureFacts, features).columns },
    lineage: [
      { stage: 'Grid record', reference: input.grid },
      { stage: 'Validated hours', reference: input.validated },
      { stage: 'Features', reference: input.features },
      { stage: 'Sequences', reference: input.sequences },
      { stage: 'Model', reference: input.model },
      ...(input.forecaster ? [{ stage: 'Forecaster', reference: input.forecaster }] : []),
      { stage: 'Backtest', reference: input.backtest },
    ],
  };
}

export function fileOf(manifest: Manifest, role: string): ArtifactReference {
  const file = manifest.files.find((candidate) => candidate.role === role);
  if (file) return file;
  throw new MissingDataError(
    `The ${manifest.kind} manifest ${manifest.key} has no ${role}.`,
    'Run its stage again.',
  );
}

async function readJson(home: Home, manifest: Manifest, role: string): Promise<unknown> {
  return JSON.parse((await readArtifact(home, fileOf(manifest, role))).toString('utf8'));
}

function checked<T>(schema: z.ZodType<T>, manifest: Manifest, told: unknown = manifest.details): T {
  const parsed = schema.safeParse(told);
  if (parsed.success) return parsed.data;
  throw new CorruptArtifactError(
    `The ${manifest.kind} manifest ${manifest.key} lacks what the report tells (${describeIssues(parsed.error.issues)}).`,
    'Run its stage again.',
  );
}
