import { finishTrainingInput, ringTrainingInput } from '../src/contracts/training.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { stageActivity } from './stage-activity.ts';

/** What a training needs before and after its slots. */
export const trainingActivities = (dependencies: ActivityDependencies) => ({
  planTraining: stageActivity(dependencies, 'planTraining', ringTrainingInput),
  finishTraining: stageActivity(dependencies, 'finishTraining', finishTrainingInput),
});
export type TrainingActivities = ReturnType<typeof trainingActivities>;
