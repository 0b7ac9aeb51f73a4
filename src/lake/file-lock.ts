import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lock } from 'proper-lockfile';
import { InUseError, LockLostError } from '../errors.ts';
import { storageFailure } from './storage-failure.ts';

/** A holder that died is found out after this long; a living one renews its lock twice as often. */
const STALE_MS = 5000;

/**
 * Does `work` while no other process of this host is inside for the same `path`; `what` names it in messages. The lock
 * of a process that was killed is taken over once it is stale. Keep `work` short: others wait for it at most some 30 s.
 * A process that stood still for so long that its lock was taken over fails its work, for another may have written in
 * between: trying again reads what that one wrote.
 */
export async function withLock<T>(path: string, what: string, work: () => Promise<T>): Promise<T> {
  let lost: Error | undefined;
  const release = await acquire(path, what, (error) => (lost = error));
  let result: T;
  try {
    result = await work();
  } finally {
    if (lost === undefined) await release();
  }
  if (lost === undefined) return result;
  throw new LockLostError(
    `This process stood still so long that another may have changed ${what} in the meantime.`,
    'Try again.',
    { cause: lost },
  );
}

async function acquire(
  path: string,
  what: string,
  onCompromised: (error: Error) => void,
): Promise<() => Promise<void>> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await lock(path, {
      realpath: false,
      stale: STALE_MS,
      retries: { retries: 300, minTimeout: 4, maxTimeout: 100, factor: 1.5, randomize: true },
      // Without it, a lost lock is thrown outside of any promise.
      onCompromised,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw storageFailure(error, path) ?? error;
    throw new InUseError(
      `Another process has been holding ${what} for too long.`,
      'Wait for it to end, or stop it.',
      {
        cause: error,
      },
    );
  }
}
