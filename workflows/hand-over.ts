import {
  getExternalWorkflowHandle,
  ParentClosePolicy,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { DeploymentInput } from '../src/contracts/learning.ts';
import { supersedeSignal } from '../src/temporal/messages.ts';
import { workflowIds } from '../src/temporal/names.ts';
import { modelDeploymentWorkflow } from './model-deployment.ts';

/** How often a deployment that is to make way is asked, a second apart. */
const PATIENCE_ATTEMPTS = 300;

/** Starts a deployment, which lives on by itself; one of an older candidate makes way. Returns its id. */
export async function handOver(input: DeploymentInput): Promise<string> {
  const { version, config } = input;
  const name = config.model_name;
  const workflowId = workflowIds.deployment(name);
  for (let attempt = 0; ; attempt++) {
    try {
      await startChild(modelDeploymentWorkflow, {
        workflowId,
        args: [input],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `Version ${version} of ${name}, on its way to champion`,
      });
      return workflowId;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError) || attempt === PATIENCE_ATTEMPTS)
        throw error;
    }
    if (attempt === 0) {
      const by = workflowInfo().workflowId;
      // It may just have ended by itself.
      await getExternalWorkflowHandle(workflowId)
        .signal(supersedeSignal, { version, by })
        .catch(() => {});
    }
    await sleep('1 second');
  }
}
