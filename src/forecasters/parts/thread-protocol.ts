import type { ErrorReport } from '../../stages/child-protocol.ts';
import type { Config } from '../../config/config.ts';
import type { PartName } from './parts.ts';

/** What a thread is started with. */
export interface FitThreadData {
  kernel: Config['kernel'];
}

/** What a fit and one of its threads say to each other; a thread has one part at a time. */
export interface ToFitThread {
  name: PartName;
  input: unknown;
}

export type FromFitThread =
  | { kind: 'progress'; done: number }
  | { kind: 'done'; output: unknown }
  | { kind: 'failed'; error: ErrorReport };
