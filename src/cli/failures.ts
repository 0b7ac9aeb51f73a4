import { constants } from 'node:os';
import { CommanderError } from 'commander';
import { RingwattError, messageOf, oneLine } from '../errors.ts';
import { storageFailure } from '../lake/storage-failure.ts';

/** The person asked for the end. */
export class StoppedError extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super(`Stopped by ${signal}; what was begun can be gone on with.`);
    this.name = 'StoppedError';
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** Somebody else ended the job that this process was following. */
export class JobCancelledError extends RingwattError {
  constructor(cause: Error) {
    super('The job was cancelled.', 'The same command goes on from what was done.', { cause });
  }
}

/** Tells a failure in one line on stderr, as one object on stdout too with --json; returns the exit code. */
export function reportFailure(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) {
    // Help and version are no failures; commander has printed them and what is wrong with a flag.
    if (error.exitCode === 0) return 0;
    if (json) printError('BadInputError', error.message.replace(/^error: /, ''), 'See --help.');
    return 2;
  }
  const root = reasonOf(error);
  const line = oneLine(messageOf(root));
  process.stderr.write(`error: ${line}\n`);
  if (json) {
    const own = root instanceof RingwattError ? root : undefined;
    printError(kindOf(root), own ? oneLine(own.message) : line, own?.cure ?? '');
  }
  return root instanceof StoppedError ? root.exitCode : 1;
}

/** What a person needs to hear of whatever was thrown. */
export function reasonOf(error: unknown): unknown {
  const root = rootOf(error);
  if (root instanceof Error && root.name === 'CancelledFailure') return new JobCancelledError(root);
  return asStorageFailure(root);
}

/**
 * What failed inside a workflow lies under the failures of the workflow and the activity; an ApplicationFailure is the
 * end of the search: its message is the one-line reason, its cause is the same without the cure.
 */
function rootOf(error: unknown): unknown {
  let root = error;
  while (
    root instanceof Error &&
    !(root instanceof RingwattError) &&
    root.name !== 'ApplicationFailure' &&
    root.cause instanceof Error
  ) {
    root = root.cause;
  }
  return root;
}

/** A disk's complaint that met nobody on its way here. */
function asStorageFailure(error: unknown): unknown {
  const { code = '', syscall, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (error instanceof RingwattError) return error;
  const isOfDisk = ['ENOSPC', 'EDQUOT', 'EROFS'].includes(code) || syscall === 'mkdir';
  return (isOfDisk && storageFailure(error, path ?? 'a file of the home')) || error;
}

/** The type a failure got when it crossed Temporal, or the error's own name. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Error';
  const { type } = error as { type?: unknown };
  return typeof type === 'string' ? type : error.name;
}

function printError(kind: string, message: string, cure: string): void {
  process.stdout.write(`${JSON.stringify({ error: { kind, message, cure } })}\n`);
}
