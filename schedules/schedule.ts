import type { RetrainingConfig } from '../src/contracts/retraining.ts';
import { CATCH_UP_HOURS, type ScheduledJob } from '../src/contracts/schedules.ts';
import { WORKFLOWS, workflowIds } from '../src/temporal/names.ts';

/** What happens to a run that is due while the one before is under way: it is left out, or waits. */
type Overlap = 'SKIP' | 'BUFFER_ONE';

/** A schedule as data; what applies it is `applySchedules`. */
export interface ScheduleDefinition {
  id: string;
  model: string;
  job: ScheduledJob;
  note: string;
  /** Five fields, in `timeZone`. */
  cron: string;
  timeZone: string;
  workflow: string;
  /** The workflow's id; Temporal adds the time. */
  workflowId: string;
  input: { config: RetrainingConfig };
  overlap: Overlap;
  catchUpHours: number;
}

interface Kind {
  job: ScheduledJob;
  note: string;
  cron: (config: RetrainingConfig) => string;
  workflow: string;
  workflowId: (model: string) => string;
  overlap: Overlap;
}

const KINDS: readonly Kind[] = [
  {
    job: 'retrain',
    note: 'Trains on the newest record, and deploys what is no worse than the champion on the same hours',
    cron: (config) => config.retrain_schedule,
    workflow: WORKFLOWS.continuousLearning,
    workflowId: workflowIds.learning,
    // The next week's run finds all that this one made: a second one beside it would only share its slots.
    overlap: 'SKIP',
  },
  {
    job: 'ingestion',
    note: 'Fetches the newest hours, and the last days again for their revisions',
    cron: (config) => config.ingestion_schedule,
    workflow: WORKFLOWS.scheduledIngestion,
    workflowId: workflowIds.scheduledIngestion,
    // The one that runs will fetch what the next one would; two at once would ask the source twice.
    overlap: 'SKIP',
  },
  {
    job: 'drift',
    note: 'Holds the newest days against the same season of earlier years',
    cron: (config) => config.drift_schedule,
    workflow: WORKFLOWS.driftMonitoring,
    workflowId: workflowIds.drift,
    // Two checks of one window find the same.
    overlap: 'SKIP',
  },
  {
    job: 'forecast',
    note: 'Forecasts the next day of every region by the champion',
    cron: (config) => config.forecast_schedule,
    workflow: WORKFLOWS.scheduledForecast,
    workflowId: workflowIds.forecast,
    // Each night has a day of its own: one that is held up must not cost the next. More than one waiting would be stale.
    overlap: 'BUFFER_ONE',
  },
];

export const scheduleId = (job: ScheduledJob, model: string) => `${job}-${model}`;

/** The schedules of earlier homes that others have taken the place of. */
export const RETIRED: readonly string[] = ['weekly-retrain'];

export const definitionsOf = (config: RetrainingConfig): ScheduleDefinition[] =>
  KINDS.map(({ job, note, cron, workflow, workflowId, overlap }) => ({
    id: scheduleId(job, config.model_name),
    model: config.model_name,
    job,
    note,
    cron: cron(config),
    timeZone: config.time_zone,
    workflow,
    workflowId: workflowId(config.model_name),
    input: { config },
    overlap,
    catchUpHours: CATCH_UP_HOURS[job],
  }));

/** Which job of which model a schedule of the server is; undefined where it is not one of ours. */
export function ownerOf(
  id: string,
  workflowType: string | undefined,
): { job: ScheduledJob; model: string } | undefined {
  const kind = KINDS.find(({ job, workflow }) => id.startsWith(`${job}-`) && workflow === workflowType);
  return kind && { job: kind.job, model: id.slice(kind.job.length + 1) };
}
