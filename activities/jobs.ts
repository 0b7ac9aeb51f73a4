import { jobRecord } from '../src/contracts/jobs.ts';
import { newestDaysInput } from '../src/contracts/schedules.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { stageActivity } from './stage-activity.ts';

/** What scheduled work needs besides its stages: `recordJob` writes what outlives Temporal's retention. */
export const jobActivities = (dependencies: ActivityDependencies) => ({
  recordJob: stageActivity(dependencies, 'recordJob', jobRecord),
  newestDays: stageActivity(dependencies, 'newestDays', newestDaysInput),
});
export type JobActivities = ReturnType<typeof jobActivities>;
