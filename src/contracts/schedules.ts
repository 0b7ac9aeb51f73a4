import { z } from 'zod';
import { jobKind, type JobKind } from './jobs.ts';
import { regionCodes } from './regions.ts';
import { retrainingConfig } from './retraining.ts';
import { modelName } from './stages.ts';
import { dateBound, hourStamp } from './time.ts';

export const appliedSchedule = z.strictObject({
  /** As on the server: `retrain-day-ahead`. */
  id: z.string().min(1).max(200),
  model: modelName,
  job: jobKind,
  /** Five fields, in `timeZone`. */
  cron: z.string().min(1),
  timeZone: z.string().min(1),
  paused: z.boolean(),
  /** How late a run that was missed may still start. */
  catchUpHours: z.number().positive(),
  /** ISO 8601, UTC: since when it stands as it is here; what was due before is nobody's fault. */
  appliedAt: z.string(),
});
export type AppliedSchedule = z.infer<typeof appliedSchedule>;

/** `schedules.json` of the home: what the server was told, for those who ask while it is down. */
export const appliedSchedules = z.strictObject({
  formatVersion: z.literal(1),
  schedules: z.array(appliedSchedule),
});

/** What a schedule does for a model; deployments follow a retrain and have none of their own. */
export type ScheduledJob = Exclude<JobKind, 'deployment'>;

/**
 * How late a run that was missed may still start; the server's own default is a year. What starts later than this was
 * asked for by a person: a backfill.
 */
export const CATCH_UP_HOURS: Readonly<Record<ScheduledJob, number>> = {
  // A cluster that was down over the weekend still retrains on Monday; after that the next Sunday is near enough.
  retrain: 48,
  // One run fetches the newest days whole, so of all that were missed the first one makes good the rest.
  ingestion: 12,
  // After half a day the next check is nearer than the missed one.
  drift: 12,
  // From 19:00 UTC to before midnight in MISO, where the next day begins first: what comes later forecasts the past.
  forecast: 9,
};

/** What each scheduled workflow is told. */
export const scheduledInput = z.strictObject({
  config: retrainingConfig.prefault({ model_name: 'day-ahead' }),
  asOf: hourStamp
    .optional()
    .describe(
      'UTC; the moment that the run stands for; default: that of the schedule where the run is a backfill, else now',
    ),
});
export type ScheduledInput = z.infer<typeof scheduledInput>;

/** Which days an ingestion of the newest hours is to fetch. */
export const newestDaysInput = z.strictObject({ regions: regionCodes, asOf: hourStamp.optional() });
export type NewestDaysInput = z.infer<typeof newestDaysInput>;

export const newestDays = z.strictObject({
  /** Absent: all that the source has, because the home has less than a year of a region. */
  from: dateBound.optional(),
  to: dateBound.optional(),
  /** The newest hour of demand that all regions have. */
  lastHour: hourStamp.nullable(),
});
export type NewestDays = z.infer<typeof newestDays>;
