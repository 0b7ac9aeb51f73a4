import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncPath, writeFileAtomic } from '../lake/atomic-write.ts';
import { makeFolder } from '../lake/make-folder.ts';
import { storageFailure } from '../lake/storage-failure.ts';

const THERE = new Set(['ENOTEMPTY', 'EEXIST']);

/**
 * Writes a folder of files that belong together, each readable by its user alone: all of them or none. False when
 * there is a folder of this name already, which stays as it is.
 */
export async function placeFolder(path: string, files: Record<string, string>): Promise<boolean> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.draft`;
  try {
    await makeFolder(draft);
    for (const [name, text] of Object.entries(files)) await writeFileAtomic(join(draft, name), text);
    await rename(draft, path);
    await syncPath(dirname(path));
    return true;
  } catch (error) {
    if (THERE.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw storageFailure(error, path) ?? error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The same where a folder of that name may be there: it goes once the new one is whole. */
export async function replaceFolder(path: string, files: Record<string, string>): Promise<void> {
  const old = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.draft`;
  await rename(path, old);
  try {
    await placeFolder(path, files);
  } finally {
    await rm(old, { recursive: true, force: true });
  }
}
