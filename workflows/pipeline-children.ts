import { sleep, startChild, workflowInfo, type ChildWorkflowHandle } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { IngestionOutcome } from '../src/contracts/ingestion.ts';
import type { PipelineInput } from '../src/contracts/pipeline.ts';
import type { RingTrainingResult } from '../src/contracts/training.ts';
import { workflowIds } from '../src/temporal/names.ts';
import { ingestionWorkflow } from './ingestion.ts';
import { ringTrainingWorkflow } from './ring-training.ts';
import type { RunControl } from './run-control.ts';

const LOOK_AGAIN = '5 seconds';

/** The stages of a pipeline that have a life of their own: they retry, pause and continue as new by themselves. */
export class PipelineChildren {
  private readonly control: RunControl;

  constructor(control: RunControl) {
    this.control = control;
  }

  async ingest({ regions, from, to }: PipelineInput): Promise<IngestionOutcome> {
    const workflowId = workflowIds.ingestion(regions, `${from ?? 'first'}..${to ?? 'last'}`);
    const child = await whenFree(() =>
      startChild(ingestionWorkflow, {
        workflowId,
        args: [{ regions, from, to }],
        staticSummary: `The hourly record of ${regions.join(', ')}`,
      }),
    );
    return this.control.withChild(child, child.result());
  }

  async train(input: Parameters<typeof ringTrainingWorkflow>[0] & object): Promise<RingTrainingResult> {
    const workflowId = workflowIds.ringTraining(workflowInfo().workflowId.replace(/^forecasting\//, ''));
    const child = await whenFree(() =>
      startChild(ringTrainingWorkflow, {
        workflowId,
        args: [input],
        staticSummary: 'Ring training',
      }),
    );
    return this.control.withChild(child, child.result());
  }
}

/** Two jobs over the same record would fetch the same pages: the second waits for the first, and finds them stored. */
export async function whenFree<Child extends ChildWorkflowHandle<never>>(
  start: () => Promise<Child>,
): Promise<Child> {
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await sleep(LOOK_AGAIN);
    }
  }
}
