import type { JobRecord } from '../../src/contracts/jobs.ts';

/** A line of a ledger. */
export const jobOf = (runId: string, changed: Partial<JobRecord> = {}): JobRecord => ({
  model: 'day-ahead',
  job: 'forecast',
  asOf: '2019-03-01T19:00:00.000Z',
  startedAt: '2019-03-01T19:00:01.000Z',
  endedAt: '2019-03-01T19:00:09.000Z',
  outcome: 'done',
  reason: 'All regions were forecast.',
  version: null,
  workflowId: 'forecast/day-ahead',
  runId,
  facts: {},
  ...changed,
});
