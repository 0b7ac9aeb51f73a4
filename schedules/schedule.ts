import { CronExpressionParser } from 'cron-parser';
import type { ScheduleOverlapPolicy } from '@temporalio/client';
import { BadInputError, messageOf } from '../src/errors.ts';

/** A schedule as data; what applies it is `applySchedules`. */
export interface ScheduleDefinition {
  id: string;
  note: string;
  /** Five fields, in UTC. */
  cron: string;
  workflow: string;
  taskQueue: string;
  /** The workflow's id; Temporal adds the time. */
  workflowId: string;
  input: object;
  overlap: ScheduleOverlapPolicy;
  /** How late a run that was missed may still start; the server's own default is a year. */
  catchUpHours: number;
}

/**
 * Refuses what cannot be read, and what means different things to different readers: where both the day of the month
 * and the day of the week are restricted, cron takes either and Temporal both.
 */
export function checkCron(cron: string): void {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5) throw refusal(cron, `it has ${fields.length} fields, not 5`);
  const [, , dayOfMonth, , dayOfWeek] = fields;
  if (dayOfMonth !== '*' && dayOfWeek !== '*') {
    throw refusal(cron, 'it restricts both the day of the month and the day of the week');
  }
  try {
    CronExpressionParser.parse(cron, { tz: 'UTC' });
  } catch (error) {
    throw refusal(cron, messageOf(error));
  }
}

/** The next times it runs. */
export function preview({ cron }: Pick<ScheduleDefinition, 'cron'>, from: Date, count: number): Date[] {
  checkCron(cron);
  const times = CronExpressionParser.parse(cron, { tz: 'UTC', currentDate: from });
  return Array.from({ length: count }, () => times.next().toDate());
}

const refusal = (cron: string, why: string) =>
  new BadInputError(
    `The schedule "${cron}" cannot be used: ${why}.`,
    'Write it as five fields, such as 0 2 * * 0.',
  );
