import type { Client } from '@temporalio/client';
import type {
  SegmentInput,
  SegmentProgress,
  SegmentResult,
  SlotRecord,
} from '../../src/contracts/training.ts';
import type { SlotDependencies } from '../../activities/ring-slot.ts';
import { registerSlotSignal } from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, slotQueue, workflowIds } from '../../src/temporal/names.ts';
import { reference } from './fake-stages.ts';

export const slotRecordOf = (number: number, numerics = 'wasm'): SlotRecord => ({
  queue: slotQueue('test', number),
  host: 'test',
  number,
  device: 'cpu',
  kernel: null,
  numerics,
  threads: 1,
  memoryMb: 1000,
});

type Train = (
  segment: SegmentInput,
  signal: AbortSignal,
  report: (progress: SegmentProgress) => void,
) => Promise<SegmentResult>;

export const segmentResultOf = (segment: SegmentInput, finished = true): SegmentResult => ({
  rank: segment.rank,
  step: 10,
  finished,
  loss: 0.5,
  secondsUsed: 3,
  tokensPerSecond: 1000,
  memoryMb: 100 + segment.rank,
  shares: { compute: 0.9, wait: 0.05, transfer: 0.1, data: 0 },
  kernel: null,
  ...(segment.rank === 0 ? { checkpoint: reference(`checkpoint-${segment.epoch}`) } : {}),
});

/** A slot without mathematics; it remembers the segments it was given. */
export function fakeSlot(number: number, train: Train = async (segment) => segmentResultOf(segment)) {
  const segments: SegmentInput[] = [];
  const slot: SlotDependencies['slot'] = {
    listen: async (runId, epoch) => `127.0.0.1:${number}/${runId}/${epoch}`,
    train: (segment, signal, report) => {
      segments.push(segment);
      return train(segment, signal, report);
    },
  };
  return { queue: slotQueue('test', number), slot, segments };
}

/** Trains until it is asked to stop, then answers with a checkpoint, as a healthy slot does. */
export const untilStopped: Train = (segment, signal) =>
  new Promise((resolve) => {
    const answer = () => resolve(segmentResultOf(segment, false));
    if (signal.aborted) answer();
    else signal.addEventListener('abort', answer, { once: true });
  });

/** Says nothing, whatever it is told, until the test lets it go. */
export function untilReleased() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const train: Train = async (segment) => {
    started.resolve();
    await promise;
    return segmentResultOf(segment, false);
  };
  return { train, started: started.promise, release: resolve };
}

export async function registerSlots(
  client: Client,
  numbers: readonly number[],
  session = 's1',
  numerics = 'wasm',
): Promise<void> {
  for (const number of numbers) {
    await client.workflow.signalWithStart(WORKFLOWS.slotPool, {
      workflowId: workflowIds.slotPool('default'),
      taskQueue: PIPELINE_QUEUE,
      args: [{ ttlSeconds: 600 }],
      signal: registerSlotSignal,
      signalArgs: [{ slot: slotRecordOf(number, numerics), session }],
    });
  }
}
