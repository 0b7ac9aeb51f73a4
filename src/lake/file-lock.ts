import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lock } from 'proper-lockfile';
import { InUseError } from '../errors.ts';
import { storageFailure } from './storage-failure.ts';

/** A holder that died is found out after this long; a living one renews its lock twice as often. */
const STALE_MS = 5000;

/**
 * Does `work` while no other process of this host is inside for the same `path`. The lock of a process that was
 * killed is taken over once it is stale. Keep `work` short: others wait for it at most some 30 s.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const release = await acquire(path);
  try {
    return await work();
  } finally {
    await release().catch(() => {
      // Already taken over as stale: there is nothing left to give back.
    });
  }
}

async function acquire(path: string): Promise<() => Promise<void>> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await lock(path, {
      realpath: false,
      stale: STALE_MS,
      retries: { retries: 300, minTimeout: 4, maxTimeout: 100, factor: 1.5, randomize: true },
      onCompromised() {
        // A pause longer than STALE_MS: another took over. What is written under a lock is renamed into place
        // whole, so the file stays sound; a limiter's next lease reads what the other wrote.
      },
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw storageFailure(error, path) ?? error;
    throw new InUseError(`Another process holds ${path}.`, 'Wait for it to end, or stop it.', {
      cause: error,
    });
  }
}
