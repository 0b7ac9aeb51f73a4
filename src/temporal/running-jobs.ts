import type { Client } from '@temporalio/client';
import type { JobKind } from '../contracts/jobs.ts';
import type { DeploymentStatus, LearningStatus } from '../contracts/learning.ts';
import { served } from './connection.ts';
import { deploymentStatusQuery, learningStatusQuery } from './messages.ts';
import { WORKFLOWS } from './names.ts';
import { modelAttribute } from './search-attributes.ts';

/** A job of a model that is under way. */
export interface RunningJob {
  model: string;
  job: JobKind;
  workflowId: string;
  startedAt: string;
  /** Where it stands; null where it has no phases, or no worker answers just now. */
  phase: string | null;
  /** What it waits for, in a sentence. */
  says: string | null;
  /** Of a deployment: what it deploys; else null. */
  version: number | null;
}

const JOBS: Readonly<Record<string, JobKind>> = {
  [WORKFLOWS.continuousLearning]: 'retrain',
  [WORKFLOWS.deployment]: 'deployment',
  [WORKFLOWS.driftMonitoring]: 'drift',
  [WORKFLOWS.scheduledIngestion]: 'ingestion',
  [WORKFLOWS.scheduledForecast]: 'forecast',
};
const TYPES = Object.keys(JOBS).map((type) => `'${type}'`);

/** What is done for models at this moment, of one model or of all. */
export async function runningJobs(client: Client, model?: string): Promise<RunningJob[]> {
  const ofModel = model === undefined ? '' : ` AND ${modelAttribute.name} = '${model}'`;
  const query = `ExecutionStatus = 'Running' AND WorkflowType IN (${TYPES.join(', ')})${ofModel}`;
  return served(async () => {
    const found: RunningJob[] = [];
    for await (const { workflowId, type, startTime, typedSearchAttributes } of client.workflow.list({
      query,
    })) {
      const job = JOBS[type]!;
      const name = model ?? typedSearchAttributes.get(modelAttribute);
      // It has not told whose it is: its first task is still to come.
      if (name === undefined) continue;
      const where = await whereItStands(client, workflowId, job);
      found.push({ model: name, job, workflowId, startedAt: startTime.toISOString(), ...where });
    }
    return found.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  });
}

async function whereItStands(
  client: Client,
  workflowId: string,
  job: JobKind,
): Promise<Pick<RunningJob, 'phase' | 'says' | 'version'>> {
  const handle = client.workflow.getHandle(workflowId);
  const unknown = { phase: null, says: null, version: null };
  if (job === 'deployment') {
    const status = await handle.query<DeploymentStatus, []>(deploymentStatusQuery).catch(() => undefined);
    return status ? { phase: status.phase, says: status.says, version: status.version } : unknown;
  }
  if (job !== 'retrain') return unknown;
  const status = await handle.query<LearningStatus, []>(learningStatusQuery).catch(() => undefined);
  return status ? { ...unknown, phase: status.phase } : unknown;
}

export interface ServerSchedule {
  id: string;
  paused: boolean;
  /** The next times, as the server has them. */
  next: Date[];
}

export const serverSchedules = (client: Client): Promise<ServerSchedule[]> =>
  served(async () => {
    const found: ServerSchedule[] = [];
    for await (const { scheduleId, state, info } of client.schedule.list()) {
      found.push({ id: scheduleId, paused: state.paused, next: info.nextActionTimes });
    }
    return found;
  });
