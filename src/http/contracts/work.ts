import { z } from 'zod';
import { jobKind, jobRecord } from '../../contracts/jobs.ts';
import { appliedSchedule } from '../../contracts/schedules.ts';
import { modelName } from '../../contracts/stages.ts';

export const jobList = z.strictObject({
  jobs: z.array(
    z.strictObject({
      model: modelName,
      last: z.record(jobKind, jobRecord.nullable()).describe('How each kind of job ended last'),
    }),
  ),
});

export const byModel = z.strictObject({ model: modelName.meta({ examples: ['day-ahead'] }) });
export const jobHistory = z.strictObject({
  model: modelName,
  records: z.array(jobRecord).describe('The newest first, at most 100'),
});

export const scheduleList = z.strictObject({
  schedules: z.array(
    appliedSchedule.extend({
      next: z.array(z.string()).describe('When it is due next, ISO 8601, UTC; none while it is paused'),
    }),
  ),
});
