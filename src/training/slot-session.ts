import type { SegmentInput, SegmentProgress, SegmentResult } from '../contracts/training.ts';
import { BadInputError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { joinRing } from '../ring/join.ts';
import { RingListener, type RingIdentity } from '../ring/rendezvous.ts';
import { segmentAborted } from './controls.ts';
import { trainSegment } from './segment.ts';

const PROGRESS_EVERY_MS = 1000;

/** One slot's membership in one ring: from the open door to the result. */
export class SlotSession {
  readonly #listener: RingListener;
  readonly #abort = new AbortController();
  #stopping = false;

  private constructor(listener: RingListener) {
    this.#listener = listener;
  }

  static async listen(identity: RingIdentity, host?: string): Promise<SlotSession> {
    return new SlotSession(await RingListener.open(identity, host === undefined ? {} : { host }));
  }

  get address(): string {
    return this.#listener.address;
  }

  /** Ends at the next step boundary, with a checkpoint. */
  stop(): void {
    this.#stopping = true;
  }

  /** Drops everything now. */
  abort(): void {
    this.#abort.abort();
    this.#listener.close();
  }

  async train(
    home: Home,
    segment: SegmentInput,
    report: (progress: SegmentProgress) => void,
  ): Promise<SegmentResult> {
    const { runId, epoch } = this.#listener.identity;
    if (segment.runId !== runId || segment.epoch !== epoch) {
      throw new BadInputError(
        `A segment of run ${segment.runId}, epoch ${segment.epoch}, came to a slot that listens for ${runId}, epoch ${epoch}.`,
        'Ask the slot for an address under the new epoch first.',
      );
    }
    const { signal } = this.#abort;
    if (signal.aborted) throw segmentAborted();
    let reported = -Infinity;
    try {
      const ring = await joinRing(this.#listener, segment.rank, segment.peers);
      // A rank that waits for its neighbour is woken by the end of its links.
      signal.addEventListener('abort', () => ring.destroy());
      return await trainSegment(home, segment, ring, {
        signal,
        stopRequested: () => this.#stopping,
        progress: (update) => {
          if (performance.now() - reported < PROGRESS_EVERY_MS) return;
          reported = performance.now();
          report(update);
        },
      });
    } catch (error) {
      throw signal.aborted ? segmentAborted() : error;
    } finally {
      this.#listener.close();
    }
  }
}
