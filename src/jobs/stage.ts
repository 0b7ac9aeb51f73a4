import type { JobRecord } from '../contracts/jobs.ts';
import type { StageContext } from '../stages/context.ts';
import { appendJob } from './ledger.ts';

/** Writes down that a job has ended, and why so. */
export async function recordJob({ home }: Pick<StageContext, 'home'>, record: JobRecord): Promise<void> {
  await appendJob({ home }, record);
}
