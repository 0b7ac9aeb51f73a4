import type { SegmentProgress } from '../contracts/training.ts';
import { SegmentAbortedError } from '../errors.ts';

/** How a segment of training hears and tells. */
export interface SegmentControls {
  /** Drops the step in hand. */
  signal: AbortSignal;
  /** Asks for the end at the next step boundary, with a checkpoint; rank 0's answer counts. */
  stopRequested(): boolean;
  progress(update: SegmentProgress): void;
}

export const noControls: SegmentControls = {
  signal: new AbortController().signal,
  stopRequested: () => false,
  progress: () => undefined,
};

/** Gives the event loop a turn, so that heartbeats, aborts and broken links are seen between two tiles. */
export function pauser(signal: AbortSignal, check: () => void): () => Promise<void> {
  return async () => {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (signal.aborted) throw segmentAborted();
    check();
  };
}

export const segmentAborted = () =>
  new SegmentAbortedError(
    'Training was stopped in the middle of a step.',
    'Start it again: it goes on from its last checkpoint.',
  );
