import { PIPELINE_QUEUE, WORKFLOWS } from '../src/temporal/names.ts';
import type { ScheduleDefinition } from './schedule.ts';

/** Sunday night, when demand is low and the week's record is complete. */
export const weeklyRetrain: ScheduleDefinition = {
  id: 'weekly-retrain',
  note: 'Trains on the newest record and promotes the result where it is better',
  cron: '0 2 * * 0',
  workflow: WORKFLOWS.forecastingPipeline,
  taskQueue: PIPELINE_QUEUE,
  workflowId: 'forecasting/day-ahead/weekly',
  // Fixed years would find last week's work each time.
  input: { rolling: {} },
  // The next week's run finds all that this one made: a second one beside it would only share its slots.
  overlap: 'SKIP',
  // A cluster that was down over the weekend still retrains on Monday; after that the next Sunday is near enough.
  catchUpHours: 48,
};
