import type { Client, WorkflowHandle } from '@temporalio/client';
import type { SegmentProgress } from '../../src/contracts/training.ts';
import { leasesQuery } from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import type { ringTrainingWorkflow } from '../../workflows/ring-training.ts';
import { reference } from './fake-stages.ts';

export const TRAINING_INPUT = { sequences: reference('sequences') };

/** Starts the training of a ring under the id that a run of this name has. */
export const startTraining = (
  client: Client,
  run: string,
  input: object = TRAINING_INPUT,
): Promise<WorkflowHandle<typeof ringTrainingWorkflow>> =>
  client.workflow.start<typeof ringTrainingWorkflow>(WORKFLOWS.ringTraining, {
    workflowId: workflowIds.ringTraining(run),
    taskQueue: PIPELINE_QUEUE,
    args: [input],
  });

/** The leases that the pool of slots has given out. */
export const leasesOf = (client: Client) =>
  client.workflow.getHandle(workflowIds.slotPool('default')).query(leasesQuery);

export const progressAt = (step: number): SegmentProgress => ({
  step,
  totalSteps: 100,
  loss: 0.5,
  secondsUsed: step,
  budgetSeconds: 200,
  tokensPerSecond: 1000,
  memoryMb: 120,
  shares: { compute: 0.9, wait: 0.05, transfer: 0.02, data: 0.01 },
});
