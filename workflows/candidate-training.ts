import { startChild } from '@temporalio/workflow';
import type { ArtifactReference } from '../src/contracts/artifact.ts';
import type { StartPlan, Survey } from '../src/contracts/learning.ts';
import type { PipelineResult } from '../src/contracts/pipeline.ts';
import type { RetrainingConfig } from '../src/contracts/retraining.ts';
import { firstHourOf, toDate, type DateRange } from '../src/contracts/time.ts';
import { trainingSettings } from '../src/contracts/training.ts';
import { BadInputError } from '../src/errors.ts';
import { isFailureOf } from '../src/temporal/failures.ts';
import { workflowIds } from '../src/temporal/names.ts';
import { forecastingPipelineWorkflow } from './forecasting-pipeline.ts';
import { whenFree } from './pipeline-children.ts';
import type { StageOutcome } from './stage-table.ts';

const DAY_SECONDS = 86_400;

/** What there is to learn from, and as of when. */
export interface Collected extends Survey {
  grid: ArtifactReference;
}

/** Trains from the champion's weights where it may and they fit, else afresh. */
export async function trainCandidate(
  config: RetrainingConfig,
  collected: Collected,
  plan: StartPlan,
): Promise<StageOutcome<PipelineResult>> {
  const warm = config.start === 'warm' ? plan.goOnFrom : null;
  const begins = config.start === 'fresh' ? 'It was told to begin afresh.' : plan.why;
  const result = await pipeline(config, collected, warm, warm ? plan : undefined).catch((error: unknown) => {
    if (!warm || !isFailureOf(error, BadInputError)) throw error;
    return null;
  });
  const trained = result ?? (await pipeline(config, collected, null));
  return {
    result: trained,
    reused: trained.model.reused,
    facts: { version: trained.model.version, start: result ? begins : 'Afresh: the weights did not fit.' },
  };
}

export const settingsOf = ({ preset }: RetrainingConfig) => trainingSettings.parse({ preset });

async function pipeline(
  config: RetrainingConfig,
  { asOf, window, grid }: Collected,
  goOnFrom: StartPlan['goOnFrom'],
  warm?: Pick<StartPlan, 'maxSteps' | 'learningRate'>,
): Promise<PipelineResult> {
  const { model_name: model, regions } = config;
  const maxSteps = config.max_steps ?? warm?.maxSteps;
  const child = await whenFree(() =>
    startChild(forecastingPipelineWorkflow, {
      workflowId: workflowIds.pipeline(model, `${asOf}${goOnFrom ? '' : '-afresh'}`),
      args: [
        {
          ...{ model, regions, grid, asOf, score: window, train: before(window, config.train_days) },
          training: {
            ...settingsOf(config),
            ...(maxSteps !== undefined && { maxSteps }),
            ...(warm && { learningRate: warm.learningRate }),
          },
          fit: { members: config.members },
          ...(goOnFrom && { goOnFrom }),
          ...{ refit: true, report: false, promote: 'never' },
        },
      ],
      staticSummary: `A candidate for ${model}, as of ${asOf}`,
    }),
  );
  return child.result();
}

/** The days before a window. */
function before({ from }: DateRange, days: number): DateRange {
  const first = firstHourOf(from);
  return { from: toDate(first - days * DAY_SECONDS), to: toDate(first - DAY_SECONDS) };
}
