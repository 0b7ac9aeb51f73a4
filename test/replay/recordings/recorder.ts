import type { Client } from '@temporalio/client';
import { PIPELINE_QUEUE } from '../../../src/temporal/names.ts';
import { writeHistory } from '../histories.ts';

export async function keep(client: Client, name: string, workflowId: string): Promise<void> {
  await writeHistory(name, await client.workflow.getHandle(workflowId).fetchHistory());
}

export const start = (client: Client, type: string, workflowId: string, ...args: unknown[]) =>
  client.workflow.start(type, { workflowId, taskQueue: PIPELINE_QUEUE, args });
