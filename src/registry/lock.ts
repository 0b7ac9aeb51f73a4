import { mkdir } from 'node:fs/promises';
import lockfile from 'proper-lockfile';
import { InUseError } from '../errors.ts';
import { storageFailure, type Home } from '../lake/home.ts';
import { modelFolder } from './layout.ts';

/** A holder that died is believed dead after so long; a live one renews at half of it. */
const STALE_MILLISECONDS = 10_000;

/** Registering copies a few megabytes: whoever waits longer than this waits for something that is stuck. */
const PATIENCE = { retries: 60, factor: 1.3, minTimeout: 20, maxTimeout: 500, randomize: true };

/** Runs `act` while no other process changes the model's versions, champion or history. */
export async function withModelLock<T>(home: Home, name: string, act: () => Promise<T>): Promise<T> {
  const folder = home.path(modelFolder(name));
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw storageFailure(error, folder) ?? error;
  });
  const release = await lockfile
    .lock(folder, { lockfilePath: `${folder}/.lock`, stale: STALE_MILLISECONDS, retries: PATIENCE })
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ELOCKED') throw storageFailure(error, folder) ?? error;
      throw new InUseError(
        `Another process has been changing the model ${name} for too long.`,
        'Try again when it is done.',
        { cause: error },
      );
    });
  try {
    return await act();
  } finally {
    await release();
  }
}
