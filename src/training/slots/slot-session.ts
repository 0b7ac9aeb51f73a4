import type { SegmentInput, SegmentProgress, SegmentResult } from '../../contracts/training.ts';
import { RingBrokenError } from '../../errors.ts';
import type { Home } from '../../lake/home.ts';
import { joinRing } from '../../ring/join.ts';
import { RingListener, type RendezvousOptions, type RingIdentity } from '../../ring/rendezvous.ts';
import { readRingTls } from '../../tls/host-files.ts';
import type { LinkTiming } from '../../ring/transport.ts';
import { segmentAborted } from '../controls.ts';
import type { HeldState } from '../recovery/held-state.ts';
import { trainSegment } from '../segment.ts';

const PROGRESS_EVERY_MS = 1000;

export interface SessionOptions {
  host?: string | undefined;
  /** The folder with the certificates of hosts; they are read anew for every ring, so renewed ones count. */
  tls?: string | undefined;
  timing?: LinkTiming | undefined;
}

/** One slot's membership in one ring: from the open door to the result. */
export class SlotSession {
  readonly #listener: RingListener;
  readonly #rendezvous: RendezvousOptions;
  readonly #abort = new AbortController();
  #stopping = false;
  #joined = false;
  #training: Promise<unknown> | undefined;

  private constructor(listener: RingListener, rendezvous: RendezvousOptions) {
    this.#listener = listener;
    this.#rendezvous = rendezvous;
  }

  static async listen(identity: RingIdentity, { host, tls, timing }: SessionOptions): Promise<SlotSession> {
    const rendezvous = {
      ...(host === undefined ? {} : { host }),
      ...(timing ? { timing } : {}),
      tls: tls === undefined ? undefined : await readRingTls(tls, host ?? '127.0.0.1'),
    };
    return new SlotSession(await RingListener.open(identity, rendezvous), rendezvous);
  }

  get epoch(): number {
    return this.#listener.identity.epoch;
  }

  get address(): string {
    return this.#listener.address;
  }

  /** Ends at the next step boundary, with a checkpoint; at once where the ring has not come about. */
  stop(): void {
    this.#stopping = true;
    if (!this.#joined) this.abort();
  }

  /** Drops everything now. */
  abort(): void {
    this.#abort.abort();
    this.#listener.close();
  }

  /** Drops everything, and returns when nothing of it is going on any more. */
  async end(): Promise<void> {
    this.abort();
    await this.#training;
  }

  train(
    home: Home,
    segment: SegmentInput,
    held: HeldState,
    report: (progress: SegmentProgress) => void,
  ): Promise<SegmentResult> {
    const training = this.#train(home, segment, held, report);
    this.#training = training.catch(() => undefined);
    return training;
  }

  async #train(
    home: Home,
    segment: SegmentInput,
    held: HeldState,
    report: (progress: SegmentProgress) => void,
  ): Promise<SegmentResult> {
    const { runId, epoch } = this.#listener.identity;
    if (segment.runId !== runId || segment.epoch !== epoch) {
      // Late, most likely: its ring is over, or the slot is another run's.
      throw new RingBrokenError(
        `A segment of run ${segment.runId}, epoch ${segment.epoch}, came to a slot that listens for ${runId}, epoch ${epoch}.`,
      );
    }
    const { signal } = this.#abort;
    if (signal.aborted) throw segmentAborted();
    let reported = -Infinity;
    const progress = (update: SegmentProgress) => {
      if (performance.now() - reported < PROGRESS_EVERY_MS) return;
      reported = performance.now();
      report(update);
    };
    try {
      const ring = await joinRing(this.#listener, segment.rank, segment.peers, this.#rendezvous);
      this.#joined = true;
      // A rank that waits for its neighbour is woken by the end of its links.
      signal.addEventListener('abort', () => ring.destroy());
      const controls = { signal, stopRequested: () => this.#stopping, progress };
      return await trainSegment(home, segment, ring, controls, held);
    } catch (error) {
      throw signal.aborted ? segmentAborted() : error;
    } finally {
      this.#listener.close();
    }
  }
}
