import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type {
  CanaryRequest,
  EndCanaryRequest,
  LifecycleEvent,
  PromoteRequest,
  RollbackRequest,
} from '../src/contracts/lifecycle.ts';
import type { LeaseOwner } from '../src/contracts/slot-pool.ts';
import type { StageProgress } from '../src/stages/context.ts';
import { registeredSignal } from '../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../src/temporal/names.ts';
import { endCanary, promoteVersion, rollbackChampion, startCanary } from '../src/temporal/runs.ts';
import { activityId } from './audit.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { underHeartbeat } from './heartbeat.ts';
import { leaseSlots, type LeaseOutcome, type LeaseSlotsInput } from './lease-slots.ts';

/**
 * Conversations with the entities (the slot pool, a model's lifecycle) that need an answer: a workflow can signal
 * another one but not update it, so an activity does. Each starts the entity where it does not run yet.
 */
export const entityActivities = ({ heartbeatMs, elasticPatienceMs }: ActivityDependencies) => ({
  /** Asks again and again until the slots are granted; the request keeps its place meanwhile. */
  leaseSlots: (input: LeaseSlotsInput): Promise<LeaseOutcome> =>
    underHeartbeat<StageProgress, LeaseOutcome>(heartbeatMs, (signal, progress) =>
      leaseSlots(input, elasticPatienceMs, signal, progress),
    ),

  cancelRun: ({ workflowId }: { workflowId: string }): Promise<void> =>
    underHeartbeat<never, void>(heartbeatMs, async () => {
      await clientOfWorker().workflow.getHandle(workflowId).cancel();
    }),

  /** Which of these owners no longer run, so that what they hold can be given to others. */
  closedOwners: ({ owners }: { owners: LeaseOwner[] }): Promise<LeaseOwner[]> =>
    underHeartbeat<never, LeaseOwner[]>(heartbeatMs, async () => {
      const client = clientOfWorker();
      const closed = await Promise.all(
        owners.map(async (owner) => ((await runs(client, owner)) ? [] : [owner])),
      );
      return closed.flat();
    }),

  announceVersion: ({ name, version }: { name: string; version: number }): Promise<void> =>
    underHeartbeat<never, void>(heartbeatMs, async () => {
      await clientOfWorker().workflow.signalWithStart(WORKFLOWS.modelLifecycle, {
        workflowId: workflowIds.model(name),
        taskQueue: PIPELINE_QUEUE,
        args: [{ name }],
        signal: registeredSignal,
        signalArgs: [{ version }],
      });
    }),

  ...lifecycleRequests(heartbeatMs),
});
export type EntityActivities = ReturnType<typeof entityActivities>;

type Ask<Request> = (
  client: Client,
  name: string,
  request: Partial<Request>,
  asking: { updateId: string },
) => Promise<LifecycleEvent>;

/** What is asked of a model's lifecycle. A second attempt gets the answer of the first one: the update's id is the same. */
function lifecycleRequests(heartbeatMs: number) {
  const asking =
    <Request>(ask: Ask<Request>) =>
    ({ name, request }: { name: string; request: Partial<Request> }): Promise<LifecycleEvent> =>
      underHeartbeat<never, LifecycleEvent>(heartbeatMs, () =>
        ask(clientOfWorker(), name, request, { updateId: activityId() }).catch(withReason),
      );
  return {
    promoteVersion: asking<PromoteRequest>(promoteVersion),
    rollbackChampion: asking<RollbackRequest>(rollbackChampion),
    startCanary: asking<CanaryRequest>(startCanary),
    endCanary: asking<EndCanaryRequest>(endCanary),
  };
}

/** A refusal is final, and what was refused is in the update's cause: around it stands that an update failed. */
function withReason(error: unknown): never {
  const { cause } = error as { cause?: unknown };
  throw error instanceof WorkflowUpdateFailedError && cause instanceof ApplicationFailure ? cause : error;
}

const clientOfWorker = (): Client => Context.current().client;

async function runs(client: Client, { workflowId, firstRunId }: LeaseOwner): Promise<boolean> {
  try {
    const { status, raw } = await client.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING' && raw.workflowExecutionInfo?.firstRunId === firstRunId;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
