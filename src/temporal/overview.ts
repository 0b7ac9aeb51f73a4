import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from './names.ts';
import type { PipelineProgress } from '../contracts/progress.ts';
import type { PooledSlot, SlotLease } from '../contracts/slot-pool.ts';
import { served } from './connection.ts';
import { leasesQuery, pipelineProgressQuery, slotsQuery } from './messages.ts';
import { RUNNING_JOBS } from './runs.ts';

export interface JobOverview {
  workflowId: string;
  type: string;
  startedAt: string;
  /** Of a pipeline only. */
  stage?: string | null;
  percent?: number;
}

export interface SlotOverview {
  queue: string;
  numerics: string;
  memoryMb: number;
  state: 'free' | 'leased' | 'draining' | 'lost';
  /** The run that has it. */
  owner: string | null;
}

export interface Overview {
  jobs: JobOverview[];
  slots: SlotOverview[];
  schedules: { id: string; paused: boolean; next: string | null; note: string }[];
  /** Workers that ask for work on the pipeline's queue. */
  pollers: number;
}

/** What runs on the server that concerns this project; entities, which always run, are left out of the jobs. */
export async function overviewOf(client: Client): Promise<Overview> {
  const [jobs, slots, schedules, pollers] = await served(() =>
    Promise.all([jobsOf(client), slotsOf(client), schedulesOf(client), pollersOf(client)]),
  );
  return { jobs, slots, schedules, pollers };
}

async function jobsOf(client: Client): Promise<JobOverview[]> {
  const jobs: JobOverview[] = [];
  for await (const { workflowId, type, startTime } of client.workflow.list({ query: RUNNING_JOBS })) {
    const job: JobOverview = { workflowId, type, startedAt: startTime.toISOString() };
    jobs.push(
      type === WORKFLOWS.forecastingPipeline ? { ...job, ...(await whereIs(client, workflowId)) } : job,
    );
  }
  return jobs;
}

/** Nothing when no worker answers just now: the job is shown all the same. */
async function whereIs(
  client: Client,
  workflowId: string,
): Promise<{ stage?: string | null; percent?: number }> {
  const handle = client.workflow.getHandle(workflowId);
  const progress = await handle.query<PipelineProgress, []>(pipelineProgressQuery).catch(() => undefined);
  return progress ? { stage: progress.stage, percent: progress.percent } : {};
}

async function slotsOf(client: Client): Promise<SlotOverview[]> {
  const handle = client.workflow.getHandle(workflowIds.slotPool('default'));
  try {
    const slots = await handle.query<PooledSlot[], []>(slotsQuery);
    const leases = await handle.query<SlotLease[], []>(leasesQuery);
    return slots.map(({ slot, draining, lost }) => {
      const lease = leases.find((each) => each.slots.some(({ queue }) => queue === slot.queue));
      return {
        queue: slot.queue,
        numerics: slot.numerics,
        memoryMb: slot.memoryMb,
        state: lost ? 'lost' : draining ? 'draining' : lease ? 'leased' : 'free',
        owner: lease?.owner.workflowId ?? null,
      };
    });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    throw error;
  }
}

async function schedulesOf(client: Client): Promise<Overview['schedules']> {
  const schedules: Overview['schedules'] = [];
  for await (const { scheduleId, state, info } of client.schedule.list()) {
    const next = info.nextActionTimes[0]?.toISOString() ?? null;
    schedules.push({ id: scheduleId, paused: state.paused, next, note: state.note ?? '' });
  }
  return schedules;
}

async function pollersOf(client: Client): Promise<number> {
  const { namespace } = client.options;
  const reply = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: PIPELINE_QUEUE },
    taskQueueType: 1,
  });
  return reply.pollers?.length ?? 0;
}
