import type { Code } from './problem.ts';
import type { Door } from './service.ts';

/** A call that has ended, well or not. Of a model that does not exist `model` is absent: names that callers make up are not kept. */
export interface CallEnded {
  requestId: string;
  door: Door;
  caller: string;
  model?: string | undefined;
  version?: number | undefined;
  label?: string | undefined;
  signature?: string | undefined;
  code: Code | 'OK';
  seconds: number;
  rows: number;
  /** Absent of what no cache is asked for: a forecast. */
  cached?: boolean | undefined;
}

/** A batch that has run. */
export interface BatchEnded {
  model: string;
  version: number;
  signature: string;
  rows: number;
  /** Requests that it was made of. */
  requests: number;
  seconds: number;
  /** The longest that any of them waited in the queue. */
  waitedSeconds: number;
}

/** One object a queue, told of again and again. */
export interface QueueState {
  model: string;
  version: number;
  signature: string;
  /** Requests that wait. */
  length: number;
}

/** Told of what happens; may not throw and must be quick. */
export interface ServingObserver {
  callEnded?(call: CallEnded): void;
  batchEnded?(batch: BatchEnded): void;
  queueChanged?(queue: QueueState): void;
  versionChanged?(change: { model: string; version: number; state: string; seconds?: number }): void;
}
