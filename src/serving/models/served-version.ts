import { BatchQueue, type QueueParts } from '../batching/queue.ts';
import { isBatchable } from '../batching/rows.ts';
import type { LoadedModel } from '../engine/loaded-model.ts';
import type { ServingObserver } from '../observer.ts';
import { ServingProblem } from '../problem.ts';

/** What all versions of a process share. */
export type QueueShare = Pick<QueueParts, 'options' | 'budget' | 'turns'> & { observer: ServingObserver };

/** A version that is loaded and warm. It is unloaded when nobody may ask it any more and the last answer is out. */
export class ServedVersion {
  readonly model: string;
  readonly version: number;
  readonly loaded: LoadedModel;
  readonly #queues = new Map<string, BatchQueue>();
  #users = 0;
  #whenIdle: (() => void) | undefined;

  constructor(model: string, version: number, loaded: LoadedModel, { observer, ...share }: QueueShare) {
    this.model = model;
    this.version = version;
    this.loaded = loaded;
    for (const [signature, shape] of loaded.signatures) {
      const of = { model, version, signature };
      const state = { ...of, length: 0 };
      const queue = new BatchQueue({
        ...share,
        run: (inputs) => loaded.run(signature, inputs),
        batchable: isBatchable(shape),
        onBatch: (batch) => observer.batchEnded?.({ ...of, ...batch }),
        onLength: (length) => {
          state.length = length;
          observer.queueChanged?.(state);
        },
      });
      this.#queues.set(signature, queue);
    }
  }

  queueOf(signature: string): BatchQueue {
    return this.#queues.get(signature)!;
  }

  get waiting(): number {
    let length = 0;
    for (const queue of this.#queues.values()) length += queue.length;
    return length;
  }

  /** Keeps it loaded until `release`. */
  acquire(): this {
    this.#users++;
    return this;
  }

  release(): void {
    if (--this.#users === 0) this.#whenIdle?.();
  }

  /** After nobody can find it any more: waits for the calls it has, then lets go of its memory. */
  async retire(): Promise<void> {
    if (this.#users > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    const error = new ServingProblem('UNAVAILABLE', 'This version is not served any more.', 1);
    for (const queue of this.#queues.values()) queue.close(error);
    await this.loaded.unload();
  }
}
