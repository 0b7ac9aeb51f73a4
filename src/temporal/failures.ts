import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TemporalFailure,
} from '@temporalio/common';
import { RingwattError, messageOf } from '../errors.ts';

/** What we have no name for may be a passing trouble of the machine: it is tried so often, then given up. */
const ATTEMPTS_FOR_UNKNOWN = 3;
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60_000;

/**
 * The one place that turns what a stage throws into what Temporal understands: the type is the error's name, the
 * message ends with its cure, and only what time can cure is tried again. How far it had come are its details.
 */
export function toFailure(error: unknown, attempt: number, lastProgress?: unknown): Error {
  if (error instanceof TemporalFailure) return error;
  const details = lastProgress === undefined ? [] : [lastProgress];
  if (error instanceof RingwattError) {
    return ApplicationFailure.create({
      message: error.line,
      type: error.name,
      nonRetryable: !error.retryable,
      nextRetryDelay: error.retryable ? retryDelayMs(attempt) : undefined,
      cause: error,
      details,
    });
  }
  return ApplicationFailure.create({
    message: messageOf(error),
    type: error instanceof Error ? error.name : 'Error',
    nonRetryable: attempt >= ATTEMPTS_FOR_UNKNOWN,
    cause: error instanceof Error ? error : undefined,
    details,
  });
}

/**
 * Exponential back-off with jitter, which Temporal's own retry policy lacks: windows that were refused together
 * shall not come back together.
 */
export function retryDelayMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return Math.round(ceiling * (0.5 + random() / 2));
}

/** The failure at the bottom of a chain of wrappers: what a person needs to hear. */
export function rootFailure(error: unknown): unknown {
  let current = error;
  while (
    current instanceof Error &&
    !(current instanceof ApplicationFailure) &&
    !(current instanceof CancelledFailure) &&
    current.cause instanceof Error
  ) {
    current = current.cause;
  }
  return current;
}

/** Whether at the bottom of it lies an error of one of these kinds, by the names that `toFailure` gives them. */
export function isFailureOf(error: unknown, ...kinds: readonly { name: string }[]): boolean {
  const root = rootFailure(error);
  return root instanceof ApplicationFailure && kinds.some(({ name }) => root.type === name);
}

/** One line that says why a workflow or an activity failed. */
export function failureLine(error: unknown): string {
  return messageOf(rootFailure(error));
}

/** Why a workflow refused what it was asked for; undefined of any other failure. */
export function refusalOf(error: unknown): string | undefined {
  const root = rootFailure(error);
  return root instanceof ApplicationFailure && root.nonRetryable ? root.message : undefined;
}

/** True when trying again without anybody changing anything cannot help. */
export function isFinal(error: unknown): boolean {
  const wrapped = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  const root = wrapped ? rootFailure(error) : error;
  return root instanceof ApplicationFailure && root.nonRetryable === true;
}
