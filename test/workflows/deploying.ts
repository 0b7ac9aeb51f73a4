import assert from 'node:assert/strict';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { deploymentStatus, type DeploymentStatus } from '../../src/contracts/learning.ts';
import { failureLine } from '../../src/temporal/failures.ts';
import { clockSignal, deploymentStatusQuery } from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import { promoteVersion } from '../../src/temporal/runs.ts';
import { FakeStages } from '../support/fake-stages.ts';
import { withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

export const CONFIG = {
  ...{ model_name: 'day-ahead', regions: ['CAL', 'MISO'], approvers: ['ada', 'grace'] },
  ...{ approval_hours: 24, canary_share: 0.1, canary_hours: 48, watch_hours: 72 },
};
export const AUTO = { auto_deploy: true };
export const AS_OF = '2019-03-03T02';

/** Version 1 is champion, 2 wants to be. */
export function candidates(): FakeStages {
  const stages = new FakeStages();
  stages.versions = [1, 2];
  return stages;
}

/** With version 1 made champion by the model's own lifecycle. */
export async function deploying(
  stages: FakeStages,
  config: object,
  work: (handle: WorkflowHandle, client: Client) => Promise<void>,
): Promise<void> {
  await withWorkers(stages.run, async (client) => {
    await promoteVersion(client, 'day-ahead', { version: 1, by: 'ada', reason: '' });
    const handle = await client.workflow.start(WORKFLOWS.deployment, {
      workflowId: workflowIds.deployment('day-ahead'),
      taskQueue: PIPELINE_QUEUE,
      args: [{ config: { ...CONFIG, ...config }, version: 2, asOf: AS_OF }],
    });
    await work(handle, client);
  });
}

export const statusOf = async (handle: WorkflowHandle): Promise<DeploymentStatus> =>
  deploymentStatus.parse(await handle.query(deploymentStatusQuery));

export const reaches = (handle: WorkflowHandle, phase: DeploymentStatus['phase']) =>
  until(async () => (await statusOf(handle)).phase === phase);

/** It is in this phase from its first moment; it has read who is champion once it says for whom it waits. */
export const waitsForApproval = (handle: WorkflowHandle) =>
  until(async () => (await statusOf(handle)).says.startsWith('It waits for the approval'));

export const clockTo = (handle: WorkflowHandle, asOf: string) => handle.signal(clockSignal, { asOf });

export async function endOf(handle: WorkflowHandle): Promise<DeploymentStatus> {
  return deploymentStatus.parse(await handle.result());
}

export const refusedWith = (pattern: RegExp) => (error: unknown) => {
  assert.match(failureLine((error as { cause: unknown }).cause), pattern);
  return true;
};
