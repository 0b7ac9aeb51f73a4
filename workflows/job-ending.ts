import { log, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { JobActivities } from '../activities/jobs.ts';
import type { Observation } from '../src/contracts/alerts.ts';
import type { JobKind, JobOutcome, JobRecord } from '../src/contracts/jobs.ts';
import { failureLine } from '../src/temporal/failures.ts';
import type { LearningClock } from './learning-clock.ts';
import { shortened } from './refusals.ts';

const { recordJob } = proxyActivities<JobActivities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 10 },
});

const { observe } = proxyActivities<{ observe(observation: Observation): Promise<void> }>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 3 },
});

/** How a job ended, and why. */
export interface Ending {
  outcome: JobOutcome;
  reason: string;
  version: number | null;
  facts?: JobRecord['facts'];
}

/** Who ended: what is the same at every end of it. */
export interface Job {
  model: string;
  job: JobKind;
  clock: LearningClock;
  startedAt: string;
}

/** As much as a line of the ledger takes. */
const REASON_KEPT = 1000;

/** Puts an ending where it outlives this run, and tells the alerts of it; who cannot be told does not undo the work. */
export async function recordEnding({ model, job, clock, startedAt }: Job, ending: Ending): Promise<void> {
  const { outcome, version, facts = {} } = ending;
  const { workflowId, runId } = workflowInfo();
  const reason = shortened(ending.reason, REASON_KEPT);
  const { failures } = await recordJob({
    ...{ model, job, asOf: clock.iso, startedAt, endedAt: new Date().toISOString() },
    ...{ outcome, reason, version, workflowId, runId, facts },
  });
  await tellAlerts(
    model,
    clock,
    job,
    {
      ...{ job, outcome, failures },
      ...withoutNulls(facts),
    },
    reason,
  );
}

export async function tellAlerts(
  model: string,
  clock: LearningClock,
  source: string,
  facts: Observation['facts'],
  note: string,
): Promise<void> {
  const body = { model, asOf: clock.iso, source, facts, note, simulated: clock.isExplicit };
  await observe(body).catch((error: unknown) =>
    log.error('The alerts could not be told', { note, reason: failureLine(error) }),
  );
}

const withoutNulls = (facts: JobRecord['facts']): Observation['facts'] =>
  Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
