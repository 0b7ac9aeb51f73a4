import { compareInput, startInput, surveyInput } from '../src/contracts/learning.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { stageActivity } from './stage-activity.ts';

/** What a model that keeps itself fresh is decided by. */
export const learningActivities = (dependencies: ActivityDependencies) => ({
  surveyWindow: stageActivity(dependencies, 'surveyWindow', surveyInput),
  planStart: stageActivity(dependencies, 'planStart', startInput),
  compareVersions: stageActivity(dependencies, 'compareVersions', compareInput),
});
export type LearningActivities = ReturnType<typeof learningActivities>;
