import { proxyActivities, startChild } from '@temporalio/workflow';
import type { JobActivities } from '../activities/jobs.ts';
import type { ScheduledInput } from '../src/contracts/schedules.ts';
import { WORKFLOWS, workflowIds } from '../src/temporal/names.ts';
import { ingestionWorkflow } from './ingestion.ts';
import type { Ending } from './job-ending.ts';
import { whenFree } from './pipeline-children.ts';
import { scheduledJob, type ScheduledResult } from './scheduled-job.ts';
import { counted } from '../src/errors.ts';

const { newestDays } = proxyActivities<JobActivities>({
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

/** Fetches what is newer than the home's record, and its last days again; the dataset that it leaves holds all of it. */
export const scheduledIngestionWorkflow = (raw?: unknown): Promise<ScheduledResult> =>
  scheduledJob(
    raw,
    { workflow: WORKFLOWS.scheduledIngestion, job: 'ingestion', title: 'Ingestion of the newest hours' },
    ingest,
  );

async function ingest({ config: { regions }, asOf }: ScheduledInput): Promise<Ending> {
  const { from, to, lastHour } = await newestDays({ regions, asOf });
  const child = await whenFree(() =>
    startChild(ingestionWorkflow, {
      workflowId: workflowIds.ingestion(regions, `${from ?? 'first'}..${to ?? 'newest'}`),
      args: [{ regions, from, to, dataset: 'whole' }],
      staticSummary: `The newest hours of ${regions.join(', ')}`,
    }),
  );
  const { account, records, pages, pagesReused, failedWindows } = await child.result();
  const reached = account
    .flatMap(({ series, lastHour: last }) => (series === 'D' && last !== null ? [last] : []))
    .toSorted();
  const slowest = reached[0] ?? null;
  const facts = { records, pages, pagesReused, failedWindows, lastHour: slowest };
  if (failedWindows > 0) {
    const reason = `${counted(failedWindows, 'window')} could not be fetched; what came is kept.`;
    return { outcome: 'failed', reason, version: null, facts };
  }
  if (pages === pagesReused) {
    const reason = `The source has nothing that the home has not; its record ends at ${slowest ?? 'no hour'} UTC.`;
    return { outcome: 'skipped', reason, version: null, facts };
  }
  const since = lastHour === null ? 'all of its record' : `from ${from} on`;
  return {
    outcome: 'done',
    reason: `Fetched ${since}: demand of ${regions.join(', ')} to ${slowest ?? 'no hour'} UTC.`,
    version: null,
    facts,
  };
}
