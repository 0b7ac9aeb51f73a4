import { z } from 'zod';
import { jobKind } from './jobs.ts';
import { modelName } from './stages.ts';

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
export type AppliedSchedules = z.infer<typeof appliedSchedules>;
