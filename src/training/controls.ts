import type { SegmentProgress } from '../contracts/training.ts';
import { RingwattError } from '../errors.ts';

/** Someone asked for the step in hand to be dropped; the last checkpoint stands. */
export class SegmentAbortedError extends RingwattError {
  override readonly retryable = true;

  constructor() {
    super(
      'Training was stopped in the middle of a step.',
      'Start it again: it goes on from its last checkpoint.',
    );
  }
}

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
    if (signal.aborted) throw new SegmentAbortedError();
    check();
  };
}
