import { Context } from '@temporalio/activity';
import type { SegmentInput, SegmentProgress, SegmentResult } from '../src/contracts/training.ts';
import {
  segmentInput,
  slotPreparation,
  type SlotAddress,
  type SlotPreparation,
} from '../src/contracts/training.ts';
import type { SlotChild } from '../workers/slot-child.ts';
import { messageOf } from '../src/errors.ts';
import { parseInput } from '../src/temporal/input.ts';
import { segmentNewsSignal, trainingNewsSignal } from '../src/temporal/messages.ts';
import { underHeartbeat } from './heartbeat.ts';

export interface SlotDependencies {
  slot: Pick<SlotChild, 'listen' | 'train'>;
  heartbeatMs: number;
  /** Called when a ring has ended in another way than by its segment's end: the pool may believe that the slot is lost. */
  onBroken?: () => void;
}

/**
 * Signals cost history, four events each: in a segment of ten minutes rank 0, which speaks for the run, takes 240 of
 * them and each other rank 80.
 */
const NEWS_EVERY_MS = { first: 10_000, others: 30_000 };

/** What a slot does, on its private queue; the next ring's rendezvous ends what it still does for the one before. */
export const slotActivities = ({ slot, heartbeatMs, onBroken = () => {} }: SlotDependencies) => ({
  prepareSlot: (input: SlotPreparation): Promise<SlotAddress> =>
    underHeartbeat<never, SlotAddress>(heartbeatMs, async (signal) => {
      const { runId, epoch } = parseInput(slotPreparation, input, 'prepareSlot');
      return { address: await slot.listen(runId, epoch, signal) };
    }),

  trainSegment: (input: SegmentInput): Promise<SegmentResult> =>
    underHeartbeat<SegmentProgress, SegmentResult>(heartbeatMs, async (signal, progress) => {
      const segment = parseInput(segmentInput, input, 'trainSegment');
      const tell = newsTeller(segment);
      try {
        const result = await slot.train(segment, signal, (update) => {
          progress(update);
          tell(update);
        });
        if (signal.aborted) onBroken();
        return result;
      } catch (error) {
        onBroken();
        throw error;
      }
    }),
});
export type SlotActivities = ReturnType<typeof slotActivities>;

/**
 * Lets the run's workflow hear now and then how far it is, and the job that waits for the run, whose page people look
 * at; a signal that fails costs nothing but news.
 */
function newsTeller({ epoch, rank }: SegmentInput): (progress: SegmentProgress) => void {
  const { client, info, log } = Context.current();
  const run = client.workflow.getHandle(info.workflowExecution!.workflowId);
  const interval = rank === 0 ? NEWS_EVERY_MS.first : NEWS_EVERY_MS.others;
  let last = 0;
  let job: Promise<string | undefined> | undefined;
  const tell = async (progress: SegmentProgress) => {
    await run.signal(segmentNewsSignal, { epoch, rank, progress });
    if (rank !== 0) return;
    job ??= run.describe().then(({ parentExecution }) => parentExecution?.workflowId ?? undefined);
    const id = await job;
    if (id) await client.workflow.getHandle(id).signal(trainingNewsSignal, progress);
  };
  return (progress) => {
    if (Date.now() - last < interval) return;
    last = Date.now();
    tell(progress).catch((error: unknown) =>
      log.warn('The run could not be told the news', { reason: messageOf(error) }),
    );
  };
}
