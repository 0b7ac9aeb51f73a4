import {
  finishTrainingInput,
  ringTrainingInput,
  type RingTrainingInput,
  type TrainingPlan,
} from '../src/contracts/training.ts';
import type { StageProgress } from '../src/stages/context.ts';
import { parseInput } from '../src/temporal/input.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { underHeartbeat } from './heartbeat.ts';
import { stageActivity } from './stage-activity.ts';

/** What a training needs before and after its slots. */
export const trainingActivities = (dependencies: ActivityDependencies) => ({
  planTraining: (input: RingTrainingInput): Promise<TrainingPlan> =>
    underHeartbeat<StageProgress, TrainingPlan>(dependencies.heartbeatMs, async (signal, progress) => {
      const checked = parseInput(ringTrainingInput, input, 'planTraining');
      const { runId, existing } = await dependencies.run('planTraining', checked, { signal, progress });
      const newest = await dependencies.run('newestCheckpoint', { runId }, { signal, progress });
      return {
        runId,
        result: existing ?? null,
        checkpoint: newest?.checkpoint ?? null,
        step: newest?.step ?? 0,
        secondsUsed: newest?.secondsUsed ?? 0,
      };
    }),
  finishTraining: stageActivity(dependencies, 'finishTraining', finishTrainingInput),
});
export type TrainingActivities = ReturnType<typeof trainingActivities>;
