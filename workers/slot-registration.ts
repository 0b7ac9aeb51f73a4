import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { SlotRecord } from '../src/contracts/training.ts';
import { messageOf } from '../src/errors.ts';
import type { Logger } from '../src/stages/context.ts';
import { leaveSignal, registerSlotSignal } from '../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../src/temporal/names.ts';

/** A third of the pool's patience. */
const REGISTER_EVERY_MS = 10_000;
const POOL = 'default';

/** Keeps a slot known to its pool, starting the pool where it does not run; what it returns takes the slot out. */
export async function keepRegistered(
  client: Client,
  slot: SlotRecord,
  log: Logger,
): Promise<() => Promise<void>> {
  const session = randomUUID();
  const workflowId = workflowIds.slotPool(POOL);
  const register = () =>
    client.workflow.signalWithStart(WORKFLOWS.slotPool, {
      workflowId,
      taskQueue: PIPELINE_QUEUE,
      args: [],
      signal: registerSlotSignal,
      signalArgs: [{ slot, session }],
      staticSummary: 'Who trains: the slots and their leases',
    });
  await register();
  const timer = setInterval(() => {
    register().catch((error: unknown) =>
      log.warn({ reason: messageOf(error) }, 'the slot pool was not reached'),
    );
  }, REGISTER_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await client.workflow.getHandle(workflowId).signal(leaveSignal, { queue: slot.queue, session });
  };
}
