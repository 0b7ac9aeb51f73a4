import { Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import type { Config } from '../../config/config.ts';
import { UnavailableError } from '../../errors.ts';
import { restoreError } from '../../stages/child-protocol.ts';
import type { PartContext, PartName } from './parts.ts';
import type { FitThreadData, FromFitThread, ToFitThread } from './thread-protocol.ts';

const THREAD = new URL('./thread.ts', import.meta.url);

interface ThreadOptions {
  script?: URL | undefined;
  kernel?: Config['kernel'] | undefined;
}

/**
 * Threads that fit parts, started when they are first needed; dispose of them. Parts begin in the order in which they
 * are asked for. What is in memory is one part's input a thread.
 */
export class FitThreads implements AsyncDisposable {
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #all = new Set<Worker>();
  readonly #idle: Worker[] = [];
  readonly #script: URL;
  readonly #data: FitThreadData;

  /** `script` is what a thread runs, default: the project's own; `kernel` is RINGWATT_KERNEL's, which decides no bits. */
  constructor(count: number, { script = THREAD, kernel = 'auto' }: ThreadOptions = {}) {
    this.#limit = pLimit(count);
    this.#script = script;
    this.#data = { kernel };
  }

  run(name: PartName, makeInput: () => unknown, context: PartContext): Promise<unknown> {
    return this.#limit(async () => {
      context.signal.throwIfAborted();
      const input = makeInput();
      const thread = this.#idle.pop() ?? this.#start();
      const output = await fitOn(thread, { name, input }, context).catch((error: unknown) => {
        // Whatever it was at, nobody waits for it any more.
        void this.#end(thread);
        throw error;
      });
      this.#idle.push(thread);
      return output;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#all].map((thread) => this.#end(thread)));
  }

  #start(): Worker {
    const thread = new Worker(this.#script, { execArgv: [], workerData: this.#data });
    // Who waits for it hears of it below; one that nobody waits for may end as it likes.
    thread.on('error', () => {});
    // An idle one that dies is not given work again.
    thread.once('exit', () => {
      this.#all.delete(thread);
      const place = this.#idle.indexOf(thread);
      if (place >= 0) this.#idle.splice(place, 1);
    });
    this.#all.add(thread);
    return thread;
  }

  async #end(thread: Worker): Promise<void> {
    this.#all.delete(thread);
    await thread.terminate();
  }
}

function fitOn(thread: Worker, work: ToFitThread, { signal, progress }: PartContext): Promise<unknown> {
  const over = Promise.withResolvers<unknown>();
  const onMessage = (message: FromFitThread) => {
    if (message.kind === 'progress') progress?.(message.done);
    else if (message.kind === 'done') over.resolve(message.output);
    else over.reject(restoreError(message.error));
  };
  const onError = (error: Error) => over.reject(lost(error.message));
  const onExit = (code: number) => over.reject(lost(`exit code ${code}`));
  const onAbort = () => over.reject(signal.reason);
  thread.on('message', onMessage).on('error', onError).on('exit', onExit);
  signal.addEventListener('abort', onAbort);
  thread.postMessage(work, [...new Set(buffersOf(work.input))]);
  return over.promise.finally(() => {
    thread.off('message', onMessage).off('error', onError).off('exit', onExit);
    signal.removeEventListener('abort', onAbort);
  });
}

const lost = (why: string) =>
  new UnavailableError(
    `A thread of the fit ended without an answer (${why}).`,
    'It is tried again; if it keeps happening, give it fewer threads (RINGWATT_THREADS) or fewer regions.',
  );

/** The memory of all typed arrays in a value: handed over, not copied. */
function buffersOf(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(buffersOf) : [];
}
