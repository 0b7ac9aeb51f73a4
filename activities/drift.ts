import { driftInput } from '../src/contracts/drift.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { stageActivity } from './stage-activity.ts';

export const driftActivities = (dependencies: ActivityDependencies) => ({
  checkDrift: stageActivity(dependencies, 'checkDrift', driftInput),
});
export type DriftActivities = ReturnType<typeof driftActivities>;
