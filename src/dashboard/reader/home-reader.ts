import { Worker } from 'node:worker_threads';
import { UnavailableError } from '../../errors.ts';
import type { Home } from '../../lake/home.ts';
import type { Answered, Asked, Readings } from './protocol.ts';

const THREAD = new URL('./reader-thread.ts', import.meta.url);
/** Nobody has the page open any more. */
const IDLE_MS = 120_000;

type Done = (answer: Omit<Answered, 'id'>) => void;

/**
 * Reads the home in a thread of its own, which lives while somebody looks: a backtest of a year takes a second to read,
 * for which no prediction waits.
 */
export class HomeReader {
  readonly #home: Home;
  readonly #waiting = new Map<number, Done>();
  #thread: Worker | undefined;
  #asked = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(home: Home) {
    this.#home = home;
  }

  /** `''`: of all models. */
  async read<Kind extends keyof Readings>(kind: Kind, model: string): Promise<Readings[Kind]> {
    const thread = (this.#thread ??= this.#start());
    const id = ++this.#asked;
    const { promise, resolve } = Promise.withResolvers<Omit<Answered, 'id'>>();
    this.#waiting.set(id, resolve);
    clearTimeout(this.#idle);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin, a window has
    thread.postMessage({ id, kind, model } satisfies Asked);
    const { value, problem } = await promise.finally(() => this.#waiting.delete(id));
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
    if (problem === undefined) return value as Readings[Kind];
    throw new UnavailableError(problem, 'See the log of `serve`.');
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  #start(): Worker {
    const thread = new Worker(THREAD, { workerData: { root: this.#home.root } });
    thread.unref();
    let why = 'it was closed';
    thread.on('message', ({ id, ...answer }: Answered) => this.#waiting.get(id)?.(answer));
    thread.on('error', (error) => (why = String(error)));
    thread.on('exit', () => {
      if (this.#thread === thread) this.#thread = undefined;
      for (const done of this.#waiting.values()) done({ problem: `What reads the home has ended: ${why}.` });
    });
    return thread;
  }
}
