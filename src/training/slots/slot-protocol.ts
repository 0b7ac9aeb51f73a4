import { fileURLToPath } from 'node:url';
import type { SegmentInput, SegmentProgress, SegmentResult } from '../../contracts/training.ts';
import type { LinkTiming } from '../../ring/transport.ts';
import type { ErrorReport } from '../../stages/child-protocol.ts';

/**
 * What a slot worker and its child process say to each other over Node's IPC channel. The child computes and talks
 * to its ring; the parent answers Temporal. Order: `listen` → `listening`, then `train` → `progress`* →
 * `done` | `failed`. A child serves one run at a time; a new `listen` (a later epoch) drops what the old one was
 * doing, but not what the run has come to: see `held-state.ts`.
 */
export type ToSlot =
  /** Open a port for the ring of this run and epoch. `token` is the run's secret: links prove that they know it. */
  | {
      kind: 'listen';
      runId: string;
      epoch: number;
      token: string;
      host?: string;
      /** The folder with the certificates of `host`: the ring's links are then mutual TLS. */
      tls?: string;
      timing?: LinkTiming;
    }
  /** Join the ring that the segment's peers form, and train. `home` is the lake's absolute path. */
  | { kind: 'train'; home: string; segment: SegmentInput }
  /** Stop at the next step boundary, with a checkpoint: the result says `finished: false`. */
  | { kind: 'stop'; epoch: number }
  /** Drop the step in hand now; the answer is `failed` with the error `SegmentAbortedError`. */
  | { kind: 'abort'; epoch: number };

/** Answers name the epoch they are about: what an earlier ring says on its way out is not taken for the next one's. */
export type FromSlot =
  | {
      kind: 'ready';
      numerics: string;
      device: string;
      /** The attention kernel's variant; null where TensorFlow.js computes. */
      kernel: string | null;
      threads: number;
      memoryMb: number;
    }
  | { kind: 'listening'; runId: string; epoch: number; address: string }
  /** At most one a second. */
  | { kind: 'progress'; epoch: number; progress: SegmentProgress }
  | { kind: 'done'; epoch: number; result: SegmentResult }
  | { kind: 'failed'; epoch: number; error: ErrorReport };

/** The file to fork: `fork(SLOT_PROCESS_PATH)`. */
export const SLOT_PROCESS_PATH = fileURLToPath(new URL('./slot-process.ts', import.meta.url));
