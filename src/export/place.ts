import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BadInputError } from '../errors.ts';
import { syncPath } from '../lake/atomic-write.ts';
import { storageFailure } from '../lake/storage-failure.ts';

/** Files by their paths in a folder, or the one file that all is. */
export type Content = Uint8Array | Record<string, Uint8Array>;

/** Refuses what is there already: a model that is in use may not change under whoever uses it. */
export async function requireFree(path: string): Promise<void> {
  const statsOf = (at: string) => stat(at).catch(() => undefined);
  if (await statsOf(path)) {
    throw new BadInputError(`${path} is there already.`, 'Remove it, or give another --output.');
  }
  if ((await statsOf(dirname(path)))?.isDirectory()) return;
  throw new BadInputError(`There is no folder ${dirname(path)}.`, 'Make it, or give another --output.');
}

/** Writes a file or a folder beside its place and moves it there, so that it is whole or not at all. */
export async function place(path: string, content: Content): Promise<void> {
  await requireFree(path);
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    if (content instanceof Uint8Array) await writeSynced(temporary, content);
    else {
      for (const [name, bytes] of Object.entries(content)) {
        await mkdir(dirname(join(temporary, name)), { recursive: true });
        await writeSynced(join(temporary, name), bytes);
      }
    }
    await rename(temporary, path);
    await syncPath(dirname(path));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw storageFailure(error, path) ?? error;
  }
}

/** For others to read as well, by the process's umask: an export leaves the home. */
async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
