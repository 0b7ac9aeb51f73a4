import { mkdir } from 'node:fs/promises';
import lockfile from 'proper-lockfile';
import { InUseError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { storageFailure } from '../lake/storage-failure.ts';
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
  let lost: Error | undefined;
  const release = await lockfile
    .lock(folder, {
      lockfilePath: `${folder}/.lock`,
      stale: STALE_MILLISECONDS,
      retries: PATIENCE,
      // Without it, a lock lost by a process that stood still too long is thrown outside of any promise.
      onCompromised: (error) => (lost = error),
    })
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ELOCKED') throw storageFailure(error, folder) ?? error;
      throw new InUseError(
        `Another process has been changing the model ${name} for too long.`,
        'Try again when it is done.',
        { cause: error },
      );
    });
  let result: T;
  try {
    result = await act();
  } finally {
    if (lost === undefined) await release();
  }
  if (lost !== undefined) throw lostLock(name, lost);
  return result;
}

const lostLock = (name: string, cause: Error) =>
  new InUseError(
    `This process stood still so long that another may have changed the model ${name} in the meantime.`,
    'Look at `models`, then try again.',
    { cause },
  );
