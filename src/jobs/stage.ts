import type { JobRecord } from '../contracts/jobs.ts';
import type { StageContext } from '../stages/context.ts';
import { appendJob } from './ledger.ts';

/** Writes down that a job has ended, and why so. Answers how often it has failed in a row. */
export async function recordJob(
  { home }: Pick<StageContext, 'home'>,
  record: JobRecord,
): Promise<{ failures: number }> {
  return appendJob({ home }, record);
}
