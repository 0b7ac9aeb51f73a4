import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { storageFailure } from './storage-failure.ts';

/**
 * Lets `write` fill a temporary file beside `path`, then syncs it, moves it into place and syncs the folder:
 * after a crash there is the whole file or none. The temporary file goes away when anything fails. Whoever may come
 * too late, when the folder was deleted for good, must not make it again.
 */
export async function placeAtomically(
  path: string,
  write: (temporary: string) => Promise<void>,
  { makeFolder = true } = {},
): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    if (makeFolder) await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await write(temporary);
    await syncPath(temporary);
    await rename(temporary, path);
    await syncPath(dirname(path));
  } catch (error) {
    // What keeps it from being written may keep it from being removed; the first trouble is the one to tell.
    await rm(temporary, { force: true }).catch(() => {});
    throw storageFailure(error, path) ?? error;
  }
}

export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  await placeAtomically(path, async (temporary) => {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
  });
}

/** Writes a file that is written once for ever: of several writers the first wins, and the others change nothing. */
export async function writeFileOnce(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.draft`;
  await writeFileAtomic(draft, content);
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storageFailure(error, path) ?? error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Makes a file, or a folder's list of names, outlive a crash. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
