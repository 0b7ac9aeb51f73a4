import { Worker } from 'node:worker_threads';
import { UnavailableError } from '../../errors.ts';
import { ServingProblem } from '../problem.ts';
import { errorOf } from '../refusal.ts';
import type { FromEngine, LoadedReport, NamedTensors, ThreadData, ToEngine } from './protocol.ts';
import type { LoadedModel } from './loaded-model.ts';
import type { ModelSource } from './source.ts';

const THREAD = new URL('./thread.ts', import.meta.url);

interface Waiting {
  resolve(message: FromEngine): void;
  reject(error: Error): void;
}

type Asked = ToEngine extends infer Each ? (Each extends ToEngine ? Omit<Each, 'call'> : never) : never;

/** A thread that holds models and runs them. When it dies, so do the calls it has; it is not started again. */
export class Engine implements AsyncDisposable {
  /** Resolves when the thread is gone and nobody asked for it. */
  readonly died: Promise<Error>;
  readonly #thread: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #gone: Error | undefined;

  private constructor(thread: Worker) {
    this.#thread = thread;
    thread.on('message', (message: FromEngine) => this.#hear(message));
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.died = promise;
    const lose = (reason: string) => {
      const isAsked = this.#gone !== undefined;
      this.#gone ??= new ServingProblem('UNAVAILABLE', `The thread that computes has ended: ${reason}.`, 1);
      for (const { reject } of this.#waiting.values()) reject(this.#gone);
      this.#waiting.clear();
      if (!isAsked) resolve(this.#gone);
    };
    thread.on('error', (error) => lose((error as Error).message));
    thread.on('exit', (code) => lose(`exit code ${code}`));
  }

  static async start(script = THREAD, data: ThreadData = { remembers: true }): Promise<Engine> {
    const thread = new Worker(script, { workerData: data });
    const first = Promise.withResolvers<FromEngine>();
    thread.once('message', first.resolve);
    thread.once('error', first.reject);
    thread.once('exit', (code) =>
      first.reject(
        new UnavailableError(`The thread that computes ended at once (exit code ${code}).`, 'Run `doctor`.'),
      ),
    );
    await first.promise;
    return new Engine(thread);
  }

  async load(source: ModelSource): Promise<LoadedModel> {
    const message = await this.#ask({ kind: 'load', source });
    const { model, signatures, sha256, bytes, bounds } = (message as { loaded: LoadedReport }).loaded;
    return {
      ...{ signatures: new Map(signatures), sha256, bytes, bounds },
      run: async (signature, inputs) => {
        const named = [...inputs];
        const answer = await this.#ask({ kind: 'run', model, signature, inputs: named }, buffersOf(named));
        return new Map((answer as { outputs: NamedTensors }).outputs);
      },
      warmUp: async (maxRows) => {
        const answer = await this.#ask({ kind: 'warm', model, maxRows });
        return (answer as { batchMs: number }).batchMs;
      },
      unload: async () => {
        if (!this.#gone) await this.#ask({ kind: 'unload', model });
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gone ??= new ServingProblem('UNAVAILABLE', 'This process is ending.', 1);
    await this.#thread.terminate();
  }

  #ask(asked: Asked, transfer: ArrayBuffer[] = []): Promise<FromEngine> {
    if (this.#gone) return Promise.reject(this.#gone);
    const call = ++this.#calls;
    const { promise, resolve, reject } = Promise.withResolvers<FromEngine>();
    this.#waiting.set(call, { resolve, reject });
    this.#thread.postMessage({ ...asked, call }, transfer);
    return promise;
  }

  #hear(message: FromEngine): void {
    if (message.kind === 'started') return;
    const waiting = this.#waiting.get(message.call);
    this.#waiting.delete(message.call);
    if (message.kind !== 'failed') waiting?.resolve(message);
    else waiting?.reject(errorOf(message.refusal));
  }
}

/** Each once: two inputs may be views of one. */
function buffersOf(tensors: NamedTensors): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const [, { data }] of tensors) if (!Array.isArray(data)) buffers.add(data.buffer as ArrayBuffer);
  return [...buffers];
}
