import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { SegmentInput, SegmentProgress, SegmentResult } from '../contracts/training.ts';
import { RingBrokenError } from '../errors.ts';
import { SLOT_PROCESS_PATH, type FromSlot, type SlotFailure, type ToSlot } from './slot-protocol.ts';

/** What a local ring trains: a segment without what the ring itself decides. */
export type LocalSegment = Omit<SegmentInput, 'rank' | 'worldSize' | 'peers' | 'epoch'>;

export interface LocalRingOptions {
  worldSize: number;
  home: string;
  epoch?: number;
  onProgress?: (rank: number, progress: SegmentProgress) => void;
}

/** One rank's end: its result, or why it has none. */
export type RankOutcome = { result: SegmentResult } | { failure: SlotFailure };

/**
 * A ring of slot processes on this machine without Temporal: for notebooks, benches and tests. Its processes are
 * children of this one and end with it.
 */
export class LocalRing implements AsyncDisposable {
  readonly slots: LocalSlot[];
  readonly #options: LocalRingOptions;

  private constructor(slots: LocalSlot[], options: LocalRingOptions) {
    this.slots = slots;
    this.#options = options;
  }

  static async start(options: LocalRingOptions): Promise<LocalRing> {
    const slots = Array.from({ length: options.worldSize }, () => new LocalSlot());
    await Promise.all(slots.map((slot) => slot.ready));
    return new LocalRing(slots, options);
  }

  /** Forms a ring of all slots and trains; resolves when every rank has ended, one way or the other. */
  async train(segment: LocalSegment, epoch = this.#options.epoch ?? 1): Promise<RankOutcome[]> {
    const token = randomBytes(32).toString('hex');
    const addresses = await Promise.all(
      this.slots.map((slot) => slot.listen({ kind: 'listen', runId: segment.runId, epoch, token })),
    );
    const peers = addresses.map((address, rank) => ({ rank, queue: `local/${rank}`, address }));
    return Promise.all(
      this.slots.map((slot, rank) =>
        slot.train(
          {
            kind: 'train',
            home: this.#options.home,
            segment: { ...segment, epoch, rank, worldSize: this.slots.length, peers },
          },
          (progress) => this.#options.onProgress?.(rank, progress),
        ),
      ),
    );
  }

  /** Puts a new process in the place of one that died. */
  async replace(rank: number): Promise<void> {
    await this.slots[rank]!.end();
    const slot = new LocalSlot();
    await slot.ready;
    this.slots[rank] = slot;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.end()));
  }
}

export class LocalSlot {
  readonly process: ChildProcess;
  readonly ready: Promise<void>;

  constructor() {
    this.process = fork(SLOT_PROCESS_PATH, { serialization: 'json' });
    this.ready = this.#expect('ready').then(() => undefined);
  }

  async listen(message: Extract<ToSlot, { kind: 'listen' }>): Promise<string> {
    this.process.send(message);
    return (await this.#expect('listening')).address;
  }

  async train(
    message: Extract<ToSlot, { kind: 'train' }>,
    onProgress: (progress: SegmentProgress) => void,
  ): Promise<RankOutcome> {
    const hear = (heard: FromSlot) => {
      if (heard.kind === 'progress') onProgress(heard.progress);
    };
    this.process.on('message', hear);
    this.process.send(message);
    try {
      return { result: (await this.#expect('done')).result };
    } catch (error) {
      return { failure: failureOf(error) };
    } finally {
      this.process.off('message', hear);
    }
  }

  tell(message: ToSlot): void {
    this.process.send(message);
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exited;
  }

  /** The next message of this kind; rejects when the slot fails or dies first. */
  #expect<Kind extends FromSlot['kind']>(kind: Kind): Promise<Extract<FromSlot, { kind: Kind }>> {
    const { promise, resolve, reject } = Promise.withResolvers<Extract<FromSlot, { kind: Kind }>>();
    const onMessage = (message: FromSlot) => {
      if (message.kind === kind) resolve(message as Extract<FromSlot, { kind: Kind }>);
      else if (message.kind === 'failed') reject(new SlotError(message.error));
    };
    const onExit = () =>
      reject(
        new RingBrokenError(
          'A slot process died.',
          'Put another in its place and go on from the checkpoint.',
        ),
      );
    this.process.on('message', onMessage).once('exit', onExit);
    return promise.finally(() => this.process.off('message', onMessage).off('exit', onExit));
  }
}

class SlotError extends Error {
  readonly failure: SlotFailure;

  constructor(failure: SlotFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

function failureOf(error: unknown): SlotFailure {
  if (error instanceof SlotError) return error.failure;
  if (error instanceof RingBrokenError) {
    const { name, message, cure, retryable } = error;
    return { name, message, cure, retryable };
  }
  throw error;
}
