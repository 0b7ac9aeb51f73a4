import { completeIngestionInput, ingestionInput, ingestionWindow } from '../src/contracts/ingestion.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { stageActivity } from './stage-activity.ts';

export const ingestionActivities = (dependencies: ActivityDependencies) => ({
  planIngestion: stageActivity(dependencies, 'planIngestion', ingestionInput),
  completeIngestion: stageActivity(dependencies, 'completeIngestion', completeIngestionInput),
});
export type IngestionActivities = ReturnType<typeof ingestionActivities>;

/** The one activity of the queue that a single worker polls, so that one limiter sees every request. */
export const sourceActivities = (dependencies: ActivityDependencies) => ({
  ingestWindow: stageActivity(dependencies, 'ingestWindow', ingestionWindow),
});
export type SourceActivities = ReturnType<typeof sourceActivities>;
