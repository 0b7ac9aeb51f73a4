import type { JobKind, JobRecord } from '../../src/contracts/jobs.ts';
import type { AppliedSchedule } from '../../src/contracts/schedules.ts';

const iso = (text: string) => `${text}:00Z`;

export const schedule = (
  job: JobKind,
  cron: string,
  more: Partial<AppliedSchedule> = {},
): AppliedSchedule => ({
  id: `${job}-m`,
  model: 'm',
  job,
  cron,
  timeZone: 'UTC',
  paused: false,
  catchUpHours: 12,
  appliedAt: '2026-01-01T00:00:00Z',
  ...more,
});

export const run = (job: JobKind, asOf: string, more: Partial<JobRecord> = {}): JobRecord => ({
  model: 'm',
  job,
  asOf: iso(asOf),
  startedAt: iso(asOf),
  endedAt: iso(asOf),
  outcome: 'done',
  reason: 'as it should',
  version: null,
  workflowId: `${job}/m`,
  runId: asOf,
  facts: {},
  ...more,
});
