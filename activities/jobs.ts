import { jobRecord } from '../src/contracts/jobs.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { stageActivity } from './stage-activity.ts';

/** What outlives Temporal's retention of a job: a line of the model's ledger. */
export const jobActivities = (dependencies: ActivityDependencies) => ({
  recordJob: stageActivity(dependencies, 'recordJob', jobRecord),
});
export type JobActivities = ReturnType<typeof jobActivities>;
