import { ApplicationFailure } from '@temporalio/workflow';
import type { ArtifactReference } from '../src/contracts/artifact.ts';
import type { IngestionOutcome } from '../src/contracts/ingestion.ts';
import type { PipelineInput } from '../src/contracts/pipeline.ts';
import { trainedRange } from '../src/contracts/forecasters.ts';
import { PRESET_SEQUENCE_HOURS } from '../src/contracts/sequence-length.ts';
import type {
  BacktestResult,
  RegionScore,
  RegisterResult,
  ReportResult,
  StageResult,
} from '../src/contracts/stages.ts';
import type { RingTrainingResult } from '../src/contracts/training.ts';
import { SourceFaultError, counted } from '../src/errors.ts';
import { table } from './markdown.ts';
import type { Ranges } from './rolling-ranges.ts';
import type { StageOutcome } from './stage-table.ts';

/** What the table of stages says of each result. */

/** A hole in the record would pass through every later stage unseen: an incomplete run ends here. */
export function ofIngestion(result: IngestionOutcome): StageOutcome<IngestionOutcome> {
  const { records, files, pages, pagesReused, failedWindows } = result;
  if (failedWindows > 0) {
    throw ApplicationFailure.nonRetryable(
      `${counted(failedWindows, 'window')} could not be fetched. Run it again: what is stored is not fetched twice.`,
      SourceFaultError.name,
    );
  }
  return {
    result,
    reused: pages === pagesReused,
    facts: { records, files, pages, 'stored before': pagesReused },
  };
}

export const ofStage = (result: StageResult): StageOutcome<StageResult> => ({
  result,
  reused: result.reused,
  facts: result.facts,
});

export const ofTraining = (result: RingTrainingResult): StageOutcome<RingTrainingResult> => ({
  result,
  reused: result.reused,
  facts: {
    steps: result.steps,
    loss: rounded(result.finalLoss),
    'tokens a second': Math.round(result.tokensPerSecond),
    restarts: result.restarts,
    'steps done again': result.stepsLost,
    ...(result.fullRestarts > 0 ? { 'from a checkpoint': result.fullRestarts } : {}),
    ...(result.bitsMayDiffer ? { bits: 'may differ' } : {}),
    ...(result.wireError === undefined ? {} : { rounding: result.wireError }),
  },
});

export const ofBacktest = (result: BacktestResult): StageOutcome<BacktestResult> => ({
  result,
  reused: result.reused,
  facts: Object.fromEntries(
    result.scores.map(({ region, mape }) => [`${region} MAPE %`, rounded(mape.model)]),
  ),
});

export const ofRegistration = (result: RegisterResult): StageOutcome<RegisterResult> => ({
  result,
  reused: result.reused,
  facts: { version: result.version },
});

export const ofReport = (result: ReportResult): StageOutcome<ReportResult> => ({
  result,
  reused: result.reused,
  facts: { path: result.report.uri },
});

export interface Promotion {
  champion: boolean;
  text: string;
}

export const ofPromotion = (champion: boolean, text: string, reused: boolean): StageOutcome<Promotion> => ({
  result: { champion, text },
  reused,
  facts: { decision: text },
});

/** Which days were chosen, where the input left that to the record. */
export const ofRolling = (
  outcome: StageOutcome<StageResult>,
  { train, score }: Ranges,
): StageOutcome<StageResult> => ({
  ...outcome,
  facts: {
    ...outcome.facts,
    'trained on': `${train.from} to ${train.to}`,
    scored: `${score.from} to ${score.to}`,
  },
});

/** A preset's sequence length, where the input does not say. */
export function sequenceSettings(input: PipelineInput, { train, score }: Ranges, fitsForecasters: boolean) {
  const { regions, sequenceLength, training, inputs, fit, goOnFrom } = input;
  return {
    regions,
    inputs,
    // What the network is weighed on it must not have seen.
    train: fitsForecasters ? trainedRange(train, fit) : train,
    score,
    sequenceLength: sequenceLength ?? PRESET_SEQUENCE_HOURS[training.preset],
    ...(goOnFrom && { goOnWith: goOnFrom.normaliser }),
  };
}

/** The weights that the network begins with, where it does not begin from the seed. */
export const startOf = ({ goOnFrom }: PipelineInput) => (goOnFrom ? { weights: goOnFrom.weights } : {});

/** What stands below the table when all is done. */
export function closing(
  promotion: string,
  scores: readonly RegionScore[],
  report: ArtifactReference | null,
): string {
  const columns = ['model', 'operator', 'persistence48', 'persistence168', 'latestKnown'];
  const rows = scores.map(({ region, mape }) => [
    region,
    ...columns.map((column) => mape[column]?.toFixed(2) ?? '–'),
  ]);
  const parts = [promotion, table(['MAPE %', ...columns], rows)];
  return [...parts, ...(report ? [`Report: \`${report.uri}\``] : [])].join('\n\n');
}

const rounded = (value: number | null | undefined) =>
  typeof value === 'number' ? Number(value.toPrecision(4)) : null;
