import type { Config } from '../config/config.ts';
import * as errors from '../errors.ts';
import { RingwattError, UnavailableError, messageOf } from '../errors.ts';
import type { Logger, StageProgress } from './context.ts';

/** What a parent and a child process that runs stages say to each other over Node's IPC channel. */
export type ToStageChild =
  | { kind: 'run'; stage: string; input: unknown; config: Config; table: string }
  | { kind: 'cancel' }
  | { kind: 'end' };

export type FromStageChild =
  | { kind: 'progress'; progress: StageProgress }
  | { kind: 'log'; level: keyof Logger; fields: object; message: string }
  | { kind: 'done'; result: unknown; memoryMb: number }
  | { kind: 'failed'; error: ErrorReport; memoryMb: number };

/** An error that can cross a process boundary. */
export interface ErrorReport {
  name: string;
  message: string;
  cure?: string;
  stack?: string;
}

export function reportError(error: unknown): ErrorReport {
  if (error instanceof RingwattError) {
    return { name: error.name, message: error.message, cure: error.cure, stack: error.stack };
  }
  return error instanceof Error
    ? { name: error.name, message: error.message, stack: error.stack }
    : { name: 'Error', message: messageOf(error) };
}

type ErrorClass = new (message: string, cure: string) => RingwattError;

const TYPED_ERRORS = new Map(
  Object.entries(errors).filter(
    ([, value]) => typeof value === 'function' && value.prototype instanceof RingwattError,
  ) as [string, ErrorClass][],
);

/** The error as its own type again; one that is not ours stays a plain error under its name. */
export function restoreError(report: ErrorReport): Error {
  const Typed = TYPED_ERRORS.get(report.name);
  const error = Typed ? new Typed(report.message, report.cure ?? '') : new Error(report.message);
  if (!Typed) error.name = report.name;
  if (report.stack !== undefined) error.stack = report.stack;
  return error;
}

/** A child that ended without an answer: killed from outside, most often for memory. */
export function childLost(stage: string, code: number | null, signal: string | null): UnavailableError {
  return new UnavailableError(
    `The process of stage ${stage} ended without an answer (${signal ?? `exit code ${code}`}).`,
    'It is tried again; if it keeps happening, look for the memory killer and run with fewer regions.',
  );
}
