import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from './names.ts';
import type { PipelineProgress, TrainingStatus } from '../contracts/progress.ts';
import type { PassedOverSlot, PooledSlot, SlotLease } from '../contracts/slot-pool.ts';
import { served } from './connection.ts';
import { leasesQuery, pipelineProgressQuery, slotsQuery, waitingQuery } from './messages.ts';
import { ringStatus } from './ring-status.ts';
import { RUNNING_JOBS } from './runs.ts';

export interface JobOverview {
  workflowId: string;
  type: string;
  startedAt: string;
  /** Of a pipeline only. */
  stage?: string | null;
  percent?: number;
  /** Of a ring training only. */
  training?: TrainingStatus;
}

export interface SlotOverview {
  queue: string;
  device: string;
  /** The attention kernel's variant; null where TensorFlow.js computes. */
  kernel: string | null;
  numerics: string;
  memoryMb: number;
  state: 'free' | 'leased' | 'draining' | 'lost';
  /** The run that has it. */
  owner: string | null;
}

/** A run that waits for slots, and why. */
export interface WaitOverview {
  owner: string;
  count: number;
  suitable: number;
  free: number;
  passedOver: PassedOverSlot[];
}

export interface Overview {
  jobs: JobOverview[];
  slots: SlotOverview[];
  waiting: WaitOverview[];
  schedules: { id: string; paused: boolean; next: string | null; note: string }[];
  /** Workers that ask for work on the pipeline's queue. */
  pollers: number;
}

/** What runs on the server that concerns this project; entities, which always run, are left out of the jobs. */
export async function overviewOf(client: Client): Promise<Overview> {
  const [jobs, pool, schedules, pollers] = await served(() =>
    Promise.all([jobsOf(client), poolOf(client), schedulesOf(client), pollersOf(client)]),
  );
  return { jobs, ...pool, schedules, pollers };
}

async function jobsOf(client: Client): Promise<JobOverview[]> {
  const jobs: JobOverview[] = [];
  for await (const { workflowId, type, startTime } of client.workflow.list({ query: RUNNING_JOBS })) {
    const job: JobOverview = { workflowId, type, startedAt: startTime.toISOString() };
    jobs.push({ ...job, ...(await newsOf(client, job)) });
  }
  return jobs;
}

/** Nothing when no worker answers just now: the job is shown all the same. */
async function newsOf(client: Client, { workflowId, type }: JobOverview): Promise<Partial<JobOverview>> {
  if (type === WORKFLOWS.ringTraining) {
    const training = await ringStatus(client, workflowId).catch(() => undefined);
    return training ? { training } : {};
  }
  if (type !== WORKFLOWS.forecastingPipeline) return {};
  const handle = client.workflow.getHandle(workflowId);
  const progress = await handle.query<PipelineProgress, []>(pipelineProgressQuery).catch(() => undefined);
  return progress ? { stage: progress.stage, percent: progress.percent } : {};
}

async function poolOf(client: Client): Promise<Pick<Overview, 'slots' | 'waiting'>> {
  const handle = client.workflow.getHandle(workflowIds.slotPool('default'));
  try {
    const [slots, leases, waiting] = await Promise.all([
      handle.query(slotsQuery),
      handle.query(leasesQuery),
      handle.query(waitingQuery),
    ]);
    return {
      slots: slots.map((entry) => slotOverview(entry, leases)),
      waiting: waiting.map(({ owner, count, wait: { suitable, free, passedOver } }) => ({
        owner: owner.workflowId,
        count,
        suitable,
        free,
        passedOver,
      })),
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { slots: [], waiting: [] };
    throw error;
  }
}

function slotOverview({ slot, draining, lost }: PooledSlot, leases: readonly SlotLease[]): SlotOverview {
  const { queue, device, kernel, numerics, memoryMb } = slot;
  const lease = leases.find((each) => each.slots.some((leased) => leased.queue === queue));
  return {
    queue,
    device,
    kernel,
    numerics,
    memoryMb,
    state: lost ? 'lost' : draining ? 'draining' : lease ? 'leased' : 'free',
    owner: lease?.owner.workflowId ?? null,
  };
}

async function schedulesOf(client: Client): Promise<Overview['schedules']> {
  const schedules: Overview['schedules'] = [];
  for await (const { scheduleId, state, info } of client.schedule.list()) {
    const next = info.nextActionTimes[0]?.toISOString() ?? null;
    schedules.push({ id: scheduleId, paused: state.paused, next, note: state.note ?? '' });
  }
  return schedules;
}

/** How many workers ask for work on the pipeline's queue. */
export async function pollersOf(client: Client): Promise<number> {
  const { namespace } = client.options;
  const reply = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: PIPELINE_QUEUE },
    taskQueueType: 1,
  });
  return reply.pollers?.length ?? 0;
}
