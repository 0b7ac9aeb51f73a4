import { finishSearchInput, scoreTrialInput, searchInput } from '../src/contracts/search.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { stageActivity } from './stage-activity.ts';

/** What a search needs besides the trainings of its trials. */
export const searchActivities = (dependencies: ActivityDependencies) => ({
  planSearch: stageActivity(dependencies, 'planSearch', searchInput),
  scoreTrial: stageActivity(dependencies, 'scoreTrial', scoreTrialInput),
  finishSearch: stageActivity(dependencies, 'finishSearch', finishSearchInput),
});
export type SearchActivities = ReturnType<typeof searchActivities>;
