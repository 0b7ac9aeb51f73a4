import {
  ActivityCancellationType,
  ActivityFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  proxyActivities,
  sleep,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { EntityActivities } from '../activities/entities.ts';
import type { SlotActivities } from '../activities/ring-slot.ts';
import type { LeasedSlot, SlotLease } from '../src/contracts/slot-pool.ts';
import type {
  RingTrainingInput,
  SegmentInput,
  SegmentResult,
  TrainingPlan,
} from '../src/contracts/training.ts';
import { isFinal } from '../src/temporal/failures.ts';
import { releaseLeaseSignal, renewLeaseSignal, slotLostSignal } from '../src/temporal/messages.ts';
import { workflowIds } from '../src/temporal/names.ts';
import type { TrainingBoard } from './training-board.ts';

/** A segment ends after about so long, so that other runs get their turn and histories stay short. */
const SEGMENT_SECONDS = 600;
const RENEW_EVERY = '30 seconds';

const { leaseSlots } = proxyActivities<EntityActivities>({
  // Waiting for slots is no failure, however long it takes.
  startToCloseTimeout: '30 days',
  heartbeatTimeout: '15 seconds',
});

/** Pinned work: a dead slot shows as work that nobody begins, or as a heartbeat that stops. */
const onSlot = (queue: string) =>
  proxyActivities<SlotActivities>({
    taskQueue: queue,
    // A healthy slot may still be leaving an earlier ring.
    scheduleToStartTimeout: '10 seconds',
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: '10 seconds',
    // Another attempt on the same slot would meet a ring that is gone.
    retry: { maximumAttempts: 1 },
    // A stopped slot answers with its checkpoint, and a dead one with its heartbeat's timeout.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });

/** Leases slots, introduces them to each other, lets them train one segment, and gives them back. */
export async function withRing(
  { pool, sequences, settings }: RingTrainingInput,
  plan: TrainingPlan,
  board: TrainingBoard,
  shouldStop: () => boolean,
): Promise<SegmentResult[]> {
  const poolHandle = getExternalWorkflowHandle(workflowIds.slotPool(pool));
  const epoch = board.nextEpoch();
  const { workflowId, firstExecutionRunId: firstRunId } = workflowInfo();
  const requestId = `${workflowId}/${firstRunId}/${epoch}`;
  try {
    board.enter('waiting for slots');
    const request = { requestId, owner: { workflowId, firstRunId }, count: settings.ringSize };
    const lease = await leaseSlots({ pool, request });
    board.enter('forming the ring', lease.slots);
    const addresses = await onAll(lease.slots, ({ queue }) =>
      onSlot(queue).prepareSlot({ runId: plan.runId, epoch }),
    );
    const peers = lease.slots.map(({ queue }, rank) => ({ rank, queue, address: addresses[rank]!.address }));
    board.enter('training');
    return await onAll(
      lease.slots,
      ({ queue }, rank) =>
        onSlot(queue).trainSegment({
          runId: plan.runId,
          epoch,
          rank,
          worldSize: peers.length,
          peers,
          sequences,
          settings,
          ...(plan.checkpoint ? { checkpoint: plan.checkpoint } : {}),
          secondsUsed: plan.secondsUsed,
          segmentSeconds: SEGMENT_SECONDS,
        } satisfies SegmentInput),
      (scope) => [renewing(lease), condition(shouldStop).then(() => scope.cancel())],
    );
  } finally {
    await CancellationScope.nonCancellable(() => tellPool(releaseLeaseSignal, { requestId }));
  }

  async function renewing(lease: SlotLease): Promise<void> {
    for (;;) {
      await sleep(RENEW_EVERY);
      await tellPool(renewLeaseSignal, lease);
    }
  }

  /** A pool that does not run has nothing to be told; it is started by the slots and by the next lease. */
  async function tellPool(...message: Parameters<typeof poolHandle.signal>): Promise<void> {
    await poolHandle.signal(...message).catch((error: unknown) => {
      if (isCancellation(error)) throw error;
    });
  }

  /**
   * Does the same on every slot. When one fails the others are cancelled, and all are waited for: a slot that has not
   * stopped cannot join the next ring. Slots that nobody could reach are reported to the pool.
   */
  async function onAll<Result>(
    slots: readonly LeasedSlot[],
    work: (slot: LeasedSlot, rank: number) => Promise<Result>,
    companions: (scope: CancellationScope) => Promise<void>[] = () => [],
  ): Promise<Result[]> {
    return CancellationScope.cancellable(async () => {
      const scope = CancellationScope.current();
      for (const companion of companions(scope)) companion.catch(() => {});
      const outcomes = await Promise.allSettled(
        slots.map((slot, rank) =>
          work(slot, rank).catch((error: unknown) => {
            scope.cancel();
            throw error;
          }),
        ),
      );
      scope.cancel();
      const failures = outcomes.flatMap((outcome, rank) =>
        outcome.status === 'rejected' ? [{ error: outcome.reason as unknown, slot: slots[rank]! }] : [],
      );
      for (const { error, slot } of failures) {
        board.hearFailure(error);
        if (isUnreachable(error)) {
          await CancellationScope.nonCancellable(() =>
            tellPool(slotLostSignal, { queue: slot.queue, session: slot.session }),
          );
        }
      }
      if (failures.length > 0) throw worst(failures.map(({ error }) => error));
      return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<Result>).value);
    });
  }
}

const isUnreachable = (error: unknown) =>
  error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;

/** What cannot be cured explains more than a silent slot, and that more than the neighbours who noticed. */
function worst(errors: readonly unknown[]): unknown {
  return (
    errors.find(isFinal) ??
    errors.find(isUnreachable) ??
    errors.find((error) => !isCancellation(error)) ??
    errors[0]
  );
}
