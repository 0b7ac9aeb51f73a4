import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { CorruptArtifactError } from '../../errors.ts';
import { writeFileAtomic } from '../../lake/atomic-write.ts';
import { withLock } from '../../lake/file-lock.ts';
import type { Home } from '../../lake/home.ts';
import { grant, type Budget, type Lease } from './rolling-window.ts';

const state = z.strictObject({ leases: z.array(z.tuple([z.number(), z.number().int().positive()])) });

/** Long enough to use up a batch, short against an hour. */
const BATCH_LEASE_MS = 3000;
/** What may lie between a grant and the request on the wire where requests go one by one. */
const SINGLE_LEASE_MS = 500;
/** A batch is this share of the budget: 10 of 5,000, so that little is lost with a process that is killed. */
const BATCH_SHARE = 1 / 500;
const LARGEST_BATCH = 1000;

export interface Limiter {
  /** Resolves when one request may be sent now. */
  acquire(signal: AbortSignal): Promise<void>;
}

/** For a source that needs no protection: the archive server. */
export const unlimited: Limiter = { acquire: async () => {} };

/**
 * One budget for all processes of a host, kept under `<home>/limits/<source>.json` behind a lock: a restart, or a
 * kill with the lock held, neither forgets a request nor blocks the next. Tokens are leased in small batches, so
 * that the file is touched once for several requests.
 */
export class SourceLimiter implements Limiter {
  readonly #path: string;
  readonly #budget: Budget;
  readonly #batch: number;
  readonly #leaseMs: number;
  readonly #waiting: (ms: number) => void;
  #tokens = 0;
  #expires = 0;
  #queue: Promise<void> = Promise.resolve();

  /** `waiting` hears how long the budget will be used up, in ms. */
  constructor(home: Home, source: string, budget: Budget, waiting: (ms: number) => void = () => {}) {
    this.#path = home.path('limits', `${source}.json`);
    this.#budget = budget;
    this.#batch = Math.max(1, Math.min(LARGEST_BATCH, Math.floor(budget.requests * BATCH_SHARE)));
    this.#leaseMs = this.#batch === 1 ? SINGLE_LEASE_MS : BATCH_LEASE_MS;
    this.#waiting = waiting;
  }

  acquire(signal: AbortSignal): Promise<void> {
    const turn = this.#queue.then(() => this.#take(signal));
    // One caller's failure is its own: the next in the queue gets its turn all the same.
    this.#queue = turn.catch(() => {});
    return unlessAborted(turn, signal);
  }

  async #take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (this.#tokens === 0 || Date.now() >= this.#expires) {
      const waitMs = await withLock(this.#path, 'the account of requests', () => this.#lease());
      if (waitMs === 0) continue;
      this.#waiting(waitMs);
      await sleep(waitMs, undefined, { signal });
    }
    this.#tokens -= 1;
  }

  async #lease(): Promise<number> {
    const now = Date.now();
    const result = grant(await this.#read(), this.#budget, this.#leaseMs, this.#batch, now);
    if (result.granted === 0) return result.waitMs;
    await writeFileAtomic(this.#path, JSON.stringify({ leases: result.leases }));
    this.#tokens = result.granted;
    this.#expires = now + this.#leaseMs;
    return 0;
  }

  async #read(): Promise<Lease[]> {
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return [];
    try {
      return state.parse(JSON.parse(text)).leases;
    } catch (error) {
      throw new CorruptArtifactError(
        `${this.#path} is not a limiter's state.`,
        'Delete it when no request has been sent for an hour.',
        { cause: error },
      );
    }
  }
}

/** Lets a caller go at once when it is told to stop, though others before it in the queue still wait. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let stop = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
