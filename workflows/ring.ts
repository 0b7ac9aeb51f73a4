import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { SlotActivities } from '../activities/ring-slot.ts';
import type { LeasedSlot } from '../src/contracts/slot-pool.ts';
import type {
  RingTrainingInput,
  SegmentInput,
  SegmentResult,
  TrainingPlan,
} from '../src/contracts/training.ts';
import { RingBrokenError, SlotDiedError } from '../src/errors.ts';
import { isFailureOf, isFinal } from '../src/temporal/failures.ts';
import type { HeldLease } from './held-lease.ts';
import type { TrainingBoard } from './training-board.ts';

/** A segment ends after about so long, so that other runs get their turn and histories stay short. */
const SEGMENT_SECONDS = 600;
/** When a ring breaks, whoever lives says so within a tile's time; who has not by now is looked for no longer. */
const LAST_WORDS = '1500 ms';
/** A slot's process that died by itself so often in a row without a step between gives way to another slot. */
const DEATHS_FORGIVEN = 1;

/** Pinned work: a dead slot shows as work that nobody begins, or as a heartbeat that stops. */
const onSlot = (queue: string) =>
  proxyActivities<SlotActivities>({
    taskQueue: queue,
    scheduleToStartTimeout: '10 seconds',
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: '10 seconds',
    // Another attempt on the same slot would meet a ring that is gone.
    retry: { maximumAttempts: 1 },
    // A stopped slot answers with its checkpoint.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });

/** What a ring needs of its run. */
export interface RingOfRun {
  input: RingTrainingInput;
  board: TrainingBoard;
  held: HeldLease;
  shouldStop: () => boolean;
}

export interface RingOutcome {
  plan: TrainingPlan;
  segments: SegmentResult[];
}

/**
 * Brings slots together, introduces them to each other and lets them train one segment. Where the run goes on from is
 * looked up meanwhile: it needs a process of its own, and so does a slot that died.
 */
export async function trainOnRing(
  run: RingOfRun,
  runId: string,
  lookUp: () => Promise<TrainingPlan>,
): Promise<RingOutcome> {
  const { board, held, shouldStop } = run;
  return CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    for (const companion of [held.keepRenewed(), condition(shouldStop).then(() => scope.cancel())]) {
      companion.catch(() => {});
    }
    try {
      const epoch = board.nextEpoch();
      const planning = lookUp();
      planning.catch(() => scope.cancel());
      const [slots, peers] = await gather(run, runId, epoch).catch(async (error: unknown) => {
        // A plan that cannot be made explains more than the wait that it ended.
        if (isCancellation(error) && !shouldStop()) await planning;
        throw error;
      });
      const plan = await planning;
      // Another run of the same settings has come to its end meanwhile.
      if (plan.result) return { plan, segments: [] };
      board.enter('training');
      const segments = await onAll(run, slots, ({ queue }, rank) =>
        onSlot(queue).trainSegment(segmentOf(run.input, plan, { epoch, rank, peers })),
      );
      return { plan, segments };
    } finally {
      scope.cancel();
    }
  });
}

type Peers = SegmentInput['peers'];

async function gather(run: RingOfRun, runId: string, epoch: number): Promise<[LeasedSlot[], Peers]> {
  const { board, held } = run;
  if (!held.isWhole) board.enter('waiting for slots');
  const slots = await held.obtain(epoch, board.numerics);
  board.meet(slots);
  const addresses = await onAll(run, slots, ({ queue }) => onSlot(queue).prepareSlot({ runId, epoch }));
  return [slots, slots.map(({ queue }, rank) => ({ rank, queue, address: addresses[rank]!.address }))];
}

const segmentOf = (
  { sequences, weights, settings }: RingTrainingInput,
  { runId, checkpoint, secondsUsed }: TrainingPlan,
  { epoch, rank, peers }: { epoch: number; rank: number; peers: Peers },
): SegmentInput => ({
  runId,
  epoch,
  rank,
  worldSize: peers.length,
  peers,
  sequences,
  settings,
  ...(checkpoint ? { checkpoint } : {}),
  ...(weights ? { weights } : {}),
  secondsUsed,
  segmentSeconds: SEGMENT_SECONDS,
});

/**
 * Does the same on every slot. When one fails, or is known to have been started anew, the others are cancelled and
 * have a moment for their last words. Slots that nobody could reach are reported to the pool.
 */
async function onAll<Result>(
  { board, held }: RingOfRun,
  slots: readonly LeasedSlot[],
  work: (slot: LeasedSlot, rank: number) => Promise<Result>,
): Promise<Result[]> {
  return CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    const results = new Map<number, Result>();
    const failures = new Map<number, unknown>();
    slots.forEach((slot, rank) => {
      work(slot, rank).then(
        (result) => results.set(rank, result),
        (error: unknown) => failures.set(rank, error),
      );
    });
    const isOver = () => results.size + failures.size === slots.length;
    // Not cancelled with the run: a slot that was told to stop answers with its checkpoint.
    await CancellationScope.nonCancellable(async () => {
      await condition(() => isOver() || failures.size > 0 || slots.some((slot) => held.isGone(slot)));
      scope.cancel();
      if (!isOver()) await condition(isOver, LAST_WORDS);
      for (const [rank, slot] of slots.entries()) {
        const failure = failures.get(rank);
        const silent = !results.has(rank) && !failures.has(rank);
        if (silent || isUnreachable(failure) || (isDeath(failure) && board.fruitless > DEATHS_FORGIVEN))
          await held.lose(slot);
      }
    });
    if (results.size === slots.length) return slots.map((_, rank) => results.get(rank)!);
    throw worst([...failures.values(), goneFailure(slots.filter((slot) => held.isGone(slot)))]);
  });
}

const isUnreachable = (error: unknown) =>
  error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;

const isDeath = (error: unknown) => isFailureOf(error, SlotDiedError);

const goneFailure = (slots: readonly LeasedSlot[]) =>
  ApplicationFailure.retryable(
    `${slots.map(({ queue }) => queue).join(', ') || 'A slot'} did not answer any more.`,
    RingBrokenError.name,
  );

/** What cannot be cured explains more than a silent slot, and that more than the neighbours who noticed. */
function worst(errors: readonly unknown[]): unknown {
  return (
    errors.find(isFinal) ??
    errors.find(isUnreachable) ??
    errors.find(isDeath) ??
    errors.find((error) => !isCancellation(error)) ??
    errors[0]
  );
}
