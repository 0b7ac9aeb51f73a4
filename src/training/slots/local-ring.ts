import { randomBytes } from 'node:crypto';
import type { LostAndFound, SegmentInput, SegmentProgress, SegmentResult } from '../../contracts/training.ts';
import { RingBrokenError, RingwattError } from '../../errors.ts';
import { Home } from '../../lake/home.ts';
import type { LinkTiming } from '../../ring/transport.ts';
import { silentLogger } from '../../stages/context.ts';
import { lostAndFound, readJournal, stepsTaken } from '../recovery/journal.ts';
import { newestCheckpoint } from '../recovery/newest-checkpoint.ts';
import { SlotClient, type SlotClientOptions } from './slot-client.ts';

/** What a local ring trains: a segment without what the ring itself decides. */
export type LocalSegment = Omit<SegmentInput, 'rank' | 'worldSize' | 'peers' | 'epoch'>;

export interface LocalRingOptions extends SlotClientOptions {
  worldSize: number;
  home: string;
  /** When links count as lost; the ring's own timing by default. */
  timing?: LinkTiming;
  onProgress?: (rank: number, progress: SegmentProgress) => void;
  /** Hears of every ring that is formed. */
  onEpoch?: (epoch: number) => void;
}

/** One rank's end: its result, or why it has none. */
export type RankOutcome = { result: SegmentResult } | { failure: Error };

/** What a run that was trained to its end has come to, and what it has cost. */
export interface LocalRun {
  /** By rank. */
  results: SegmentResult[];
  epochs: number;
  lost: LostAndFound;
}

/** A slot that says nothing for so long when asked to join the next ring is ended, and another one started. */
const ANSWER_WITHIN_MS = 10_000;
/** Rings that break in a row without a step taken; then the trouble is not a slot's death. */
const FRUITLESS_RINGS = 20;

/**
 * A ring of slot processes on this machine without Temporal: for notebooks, benches and tests. Its processes are
 * children of this one and end with it.
 */
export class LocalRing implements AsyncDisposable {
  readonly slots: SlotClient[];
  readonly #options: LocalRingOptions;

  private constructor(slots: SlotClient[], options: LocalRingOptions) {
    this.slots = slots;
    this.#options = options;
  }

  static async start(options: LocalRingOptions): Promise<LocalRing> {
    const slots = Array.from({ length: options.worldSize }, () => new SlotClient(options));
    await Promise.all(slots.map((slot) => slot.start()));
    return new LocalRing(slots, options);
  }

  /** Forms a ring of all slots and trains; resolves when every rank has ended, one way or the other. */
  async train(segment: LocalSegment, epoch = 1): Promise<RankOutcome[]> {
    const token = randomBytes(32).toString('hex');
    const { home, timing, onProgress } = this.#options;
    this.#options.onEpoch?.(epoch);
    const addresses = await this.#onAll((slot) =>
      slot.listen(
        { runId: segment.runId, epoch, token, ...(timing ? { timing } : {}) },
        AbortSignal.timeout(ANSWER_WITHIN_MS),
      ),
    );
    if (addresses.some((address) => 'failure' in address)) return addresses.map(withoutRing);
    const peers = addresses.map((address, rank) => ({
      rank,
      queue: `local/${rank}`,
      address: (address as { result: string }).result,
    }));
    const worldSize = peers.length;
    return this.#onAll((slot, rank, broken) =>
      slot.train(
        home,
        { ...segment, epoch, rank, worldSize, peers },
        (progress) => onProgress?.(rank, progress),
        broken,
      ),
    );
  }

  /**
   * Trains to the end whatever dies on the way: dead slots are replaced and the ring is formed again, as the workflow
   * does it. A run that another process has begun is gone on with.
   * Throws what no new ring can cure.
   */
  async trainThroughFailures(segment: LocalSegment): Promise<LocalRun> {
    const home = await Home.open(this.#options.home);
    const { runId } = segment;
    const before = await readJournal(home, runId);
    const firstEpoch = (before.at(-1)?.epoch ?? 0) + 1;
    let taken = stepsTaken(before);
    let fruitless = 0;
    for (let epoch = firstEpoch; ; epoch++) {
      const { checkpoint } = await newestCheckpoint({ home, log: silentLogger }, runId);
      const outcomes = await this.train({ ...segment, ...(checkpoint ? { checkpoint } : {}) }, epoch);
      const results = outcomes.flatMap((outcome) => ('result' in outcome ? [outcome.result] : []));
      const journal = await readJournal(home, runId);
      if (results.length === outcomes.length && results.every(({ finished }) => finished)) {
        return { results, epochs: epoch - firstEpoch + 1, lost: lostAndFound(journal) };
      }
      const failures = outcomes.flatMap((outcome) => ('failure' in outcome ? [outcome.failure] : []));
      const incurable = failures.find((error) => !(error instanceof RingwattError && error.retryable));
      if (incurable) throw incurable;
      const takenBefore = taken;
      taken = stepsTaken(journal);
      fruitless = taken > takenBefore ? 0 : fruitless + 1;
      if (fruitless >= FRUITLESS_RINGS && failures[0]) throw failures[0];
      await Promise.all(this.slots.map((slot, rank) => (slot.alive ? undefined : this.replace(rank))));
    }
  }

  /** Puts a new process in the place of one that died. */
  async replace(rank: number): Promise<void> {
    await this.slots[rank]!.close();
    const slot = new SlotClient(this.#options);
    this.slots[rank] = slot;
    // One that dies while it starts is replaced when the next ring is formed.
    await slot.start().catch((error: unknown) => {
      if (!(error instanceof RingBrokenError)) throw error;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.close()));
  }

  /** Does the same on every slot. When one fails the others are told to stop, and all are waited for. */
  async #onAll<Result>(
    work: (slot: SlotClient, rank: number, broken: AbortSignal) => Promise<Result>,
  ): Promise<({ result: Result } | { failure: Error })[]> {
    const broken = new AbortController();
    return Promise.all(
      this.slots.map(async (slot, rank) => {
        try {
          return { result: await work(slot, rank, broken.signal) };
        } catch (error) {
          broken.abort();
          const failure = error as Error;
          if (failure.name !== 'TimeoutError') return { failure };
          await slot.close();
          return {
            failure: new RingBrokenError(`Slot ${rank} does not answer.`, 'Another takes its place.'),
          };
        }
      }),
    );
  }
}

/** The ring did not come about: who could have been in it has no result either. */
const withoutRing = (address: { result: string } | { failure: Error }): { failure: Error } =>
  'failure' in address ? address : { failure: new RingBrokenError('Another slot of the ring is lost.') };
