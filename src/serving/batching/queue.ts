import { ServingProblem } from '../problem.ts';
import type { Span } from '../span.ts';
import { bytesOf, copyOf, type TensorMap } from '../tensor.ts';
import type { BatchingOptions } from './options.ts';
import { laneOf, requireRows, rowsBetween, rowsOf, stacked } from './rows.ts';
import type { Turns } from './turns.ts';
import type { WaitingBudget } from './waiting-budget.ts';

/** How a call went through the queue. */
export interface Passage {
  outputs: TensorMap;
  rows: number;
}

export interface BatchRun {
  rows: number;
  requests: number;
  seconds: number;
  waitedSeconds: number;
}

export interface QueueParts {
  /** Of one version's signature. */
  run(inputs: TensorMap): Promise<TensorMap>;
  batchable: boolean;
  options: BatchingOptions;
  /** Shared by all queues of a process. */
  budget: WaitingBudget;
  turns: Turns;
  onBatch?(batch: BatchRun): void;
  onLength?(length: number): void;
}

interface Waiting {
  inputs: TensorMap;
  rows: number;
  lane: string;
  bytes: number;
  since: number;
  span: Span | undefined;
  resolve(passage: Passage): void;
  reject(error: unknown): void;
}

const BUSY_SECONDS = 1;
/** A run that takes longer is not given company on the thread: what comes meanwhile is better off together. */
const LONG_SECONDS = 0.005;
/** Without a new request, after which no more are waited for. */
const IDLE_TURNS = 2;

/**
 * Requests of one version's signature wait here while the thread computes, and then run together: rows of equal sizes,
 * up to `maxRows`. So a lone request waits for nobody and load makes its own batches. Refuses what would grow without end.
 */
export class BatchQueue {
  readonly #parts: QueueParts;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #asked = false;
  /** Of the run before. */
  #lastRequests = 0;
  #lastSeconds = 0;

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  /** Whether requests share runs, row by row. */
  get batchable(): boolean {
    return this.#parts.batchable;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** @throws ServingProblem RESOURCE_EXHAUSTED where too much waits, or whatever the run fails with */
  answer(inputs: TensorMap, signal?: AbortSignal, span?: Span): Promise<Passage> {
    const { options, budget, batchable } = this.#parts;
    if (signal?.aborted) return Promise.reject(gone());
    const rows = batchable ? rowsOf(inputs) : 1;
    let bytes = 0;
    for (const tensor of inputs.values()) bytes += bytesOf(tensor);
    if (this.#waiting.length >= options.maxWaiting || !budget.take(bytes)) {
      return Promise.reject(
        new ServingProblem(
          'RESOURCE_EXHAUSTED',
          `Too many requests wait for this model (${this.#waiting.length}). Try again later.`,
          BUSY_SECONDS,
        ),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<Passage>();
    const lane = batchable ? laneOf(inputs) : '';
    const waiting: Waiting = {
      ...{ inputs, rows, lane, bytes, since: performance.now() },
      ...{ span: span?.child('queue'), resolve, reject },
    };
    this.#waiting.push(waiting);
    if (signal) this.#leaveWhen(signal, waiting);
    this.#changed();
    return promise;
  }

  /** Refuses all that wait. */
  close(error: Error): void {
    clearTimeout(this.#timer);
    for (const { reject, bytes, span } of this.#waiting.splice(0)) {
      this.#parts.budget.give(bytes);
      span?.end(error);
      reject(error);
    }
    this.#changed();
  }

  #leaveWhen(signal: AbortSignal, waiting: Waiting): void {
    const leave = () => {
      const at = this.#waiting.indexOf(waiting);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      this.#parts.budget.give(waiting.bytes);
      waiting.span?.end();
      waiting.reject(gone());
      this.#changed();
    };
    signal.addEventListener('abort', leave, { once: true });
    const done = () => signal.removeEventListener('abort', leave);
    const { resolve, reject } = waiting;
    waiting.resolve = (passage) => {
      done();
      resolve(passage);
    };
    waiting.reject = (error) => {
      done();
      reject(error);
    };
  }

  #changed(): void {
    this.#parts.onLength?.(this.#waiting.length);
    if (this.#waiting.length === 0 || this.#asked) return;
    const { waitMs, enabled, maxRows } = this.#parts.options;
    const rows = this.#waiting.reduce((sum, each) => sum + each.rows, 0);
    const left = enabled ? waitMs - (performance.now() - this.#waiting[0]!.since) : 0;
    clearTimeout(this.#timer);
    if (left > 0 && rows < maxRows) {
      this.#timer = setTimeout(() => this.#changed(), left);
      return;
    }
    this.#asked = true;
    this.#gather(this.#waiting.length, IDLE_TURNS);
  }

  /**
   * Requests come in with the turns of the loop, and those of one turn belong to the same run. Where the last run had
   * company, its callers ask again at once: a few turns more are waited for them. Who is alone waits for nobody.
   */
  #gather(before: number, idleTurns: number): void {
    setImmediate(() => {
      const { enabled, maxRows } = this.#parts.options;
      const { length } = this.#waiting;
      const grows = length > before;
      const left = grows ? IDLE_TURNS : idleTurns - 1;
      const mayGrow = enabled && this.#parts.batchable && length < Math.min(this.#lastRequests, maxRows);
      if (mayGrow && left > 0) this.#gather(length, left);
      else this.#parts.turns.take(() => this.#runNext(), this.#isLong);
    });
  }

  /** Runs that are of one request anyhow gain nothing by waiting for each other. */
  get #isLong(): boolean {
    const { batchable, options } = this.#parts;
    return batchable && options.enabled && this.#lastSeconds > LONG_SECONDS;
  }

  async #runNext(): Promise<void> {
    this.#asked = false;
    const batch = this.#takeBatch();
    const [first] = batch;
    if (!first) return;
    // Others may fill the thread's second place meanwhile.
    this.#changed();
    this.#lastRequests = batch.length;
    const started = performance.now();
    const rows = batch.reduce((sum, each) => sum + each.rows, 0);
    for (const { span } of batch) span?.end();
    try {
      const outputs = await this.#run(batch, rows);
      const alone = batch.length === 1;
      if (!alone) requireRows(outputs, rows);
      let from = 0;
      for (const { rows: own, resolve } of batch) {
        resolve({ outputs: alone ? outputs : rowsBetween(outputs, from, from + own), rows: own });
        from += own;
      }
    } catch (error) {
      // Whose request it was nobody can tell: each is run by itself.
      if (batch.length > 1) await Promise.all(batch.map((each) => this.#runAlone(each)));
      else first.reject(error);
    }
    const seconds = (performance.now() - started) / 1000;
    this.#lastSeconds = seconds;
    this.#parts.onBatch?.({
      ...{ rows, requests: batch.length, seconds },
      waitedSeconds: (started - first.since) / 1000,
    });
  }

  async #runAlone(waiting: Waiting): Promise<void> {
    const { rows, resolve, reject } = waiting;
    await this.#run([waiting], rows).then((outputs) => resolve({ outputs, rows }), reject);
  }

  /** From the longest waiting on: those of its lane, while they fit. */
  #takeBatch(): Waiting[] {
    const [first] = this.#waiting;
    if (!first) return [];
    const { batchable, options, budget } = this.#parts;
    const batch = [first];
    let rows = first.rows;
    if (batchable && options.enabled) {
      for (const other of this.#waiting.slice(1)) {
        if (other.lane !== first.lane || rows + other.rows > options.maxRows) continue;
        batch.push(other);
        rows += other.rows;
        if (rows === options.maxRows) break;
      }
    }
    const taken = new Set(batch);
    this.#waiting = this.#waiting.filter((each) => !taken.has(each));
    for (const { bytes } of batch) budget.give(bytes);
    return batch;
  }

  async #run(batch: readonly Waiting[], rows: number): Promise<TensorMap> {
    const { run, options, batchable } = this.#parts;
    // What runs hands its memory over, which is the caller's.
    if (!batchable) return run(copyOf(batch[0]!.inputs));
    const inputs = stacked(batch.map((each) => each.inputs));
    if (rows <= options.maxRows) return run(inputs);
    const parts: TensorMap[] = [];
    for (let from = 0; from < rows; from += options.maxRows) {
      parts.push(await run(stacked([rowsBetween(inputs, from, Math.min(rows, from + options.maxRows))])));
    }
    return stacked(parts);
  }
}

const gone = () => new ServingProblem('DEADLINE_EXCEEDED', 'The caller left or its deadline is over.');
