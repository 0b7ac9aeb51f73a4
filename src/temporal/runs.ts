import {
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import type { IngestionOutcome } from '../contracts/ingestion.ts';
import type { LifecycleEvent, PromoteRequest, RollbackRequest } from '../contracts/lifecycle.ts';
import type { PipelineResult } from '../contracts/pipeline.ts';
import type { RingTrainingResult } from '../contracts/training.ts';
import { promoteUpdate, rollbackUpdate } from './messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from './names.ts';

/** What is asked of the workflows from outside, in one place. */

const ENTITIES = [WORKFLOWS.slotPool, WORKFLOWS.modelLifecycle].map((type) => `'${type}'`).join(', ');

/** Finds every job that runs; entities always do, and are none. */
export const RUNNING_JOBS = `ExecutionStatus = 'Running' AND WorkflowType NOT IN (${ENTITIES})`;

/** A workflow's handle, and whether it was there before. */
export interface Run<Result> {
  workflowId: string;
  attached: boolean;
  result: Promise<Result>;
  handle: WorkflowHandle;
}

interface StartOptions {
  workflowId: string;
  input: object;
  summary: string;
}

export const startIngestion = (client: Client, options: StartOptions) =>
  start<IngestionOutcome>(client, WORKFLOWS.ingestion, options);

export const startTraining = (client: Client, options: StartOptions) =>
  start<RingTrainingResult>(client, WORKFLOWS.ringTraining, options);

/** Starts the main job, or joins the one for this model that runs already, whatever day it began. */
export async function startPipeline(
  client: Client,
  { model, date, input }: { model: string; date: string; input: object },
): Promise<Run<PipelineResult>> {
  const query = `WorkflowType = '${WORKFLOWS.forecastingPipeline}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    if (workflowId.startsWith(workflowIds.pipeline(model, ''))) return attach(client, workflowId);
  }
  const options = { workflowId: workflowIds.pipeline(model, date), input, summary: `Forecaster ${model}` };
  return start<PipelineResult>(client, WORKFLOWS.forecastingPipeline, options);
}

export function promoteVersion(
  client: Client,
  name: string,
  request: PromoteRequest,
): Promise<LifecycleEvent> {
  const startWorkflowOperation = lifecycleOperation(name);
  return client.workflow.executeUpdateWithStart(promoteUpdate, { args: [request], startWorkflowOperation });
}

export function rollbackChampion(
  client: Client,
  name: string,
  request: RollbackRequest,
): Promise<LifecycleEvent> {
  const startWorkflowOperation = lifecycleOperation(name);
  return client.workflow.executeUpdateWithStart(rollbackUpdate, { args: [request], startWorkflowOperation });
}

/** The entity is started where it does not run: after a loss of the server's database it begins by its files. */
const lifecycleOperation = (name: string) =>
  new WithStartWorkflowOperation(WORKFLOWS.modelLifecycle, {
    workflowId: workflowIds.model(name),
    taskQueue: PIPELINE_QUEUE,
    args: [{ name }],
    workflowIdConflictPolicy: 'USE_EXISTING',
  });

async function start<Result>(
  client: Client,
  type: string,
  { workflowId, input, summary }: StartOptions,
): Promise<Run<Result>> {
  if (await isRunning(client, workflowId)) return attach(client, workflowId);
  const handle = await client.workflow.start(type, {
    workflowId,
    taskQueue: PIPELINE_QUEUE,
    args: [input],
    staticSummary: summary,
    // Of two that start the same work at once, the second joins the first.
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  return { workflowId, attached: false, handle, result: handle.result() as Promise<Result> };
}

function attach<Result>(client: Client, workflowId: string): Run<Result> {
  const handle = client.workflow.getHandle(workflowId);
  return { workflowId, attached: true, handle, result: handle.result() as Promise<Result> };
}

async function isRunning(client: Client, workflowId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
