import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { refuseOccupied, summaryOf, syncFolder, verifyBackup, type BackupSummary } from './backup.ts';
import { storageFailure } from './home.ts';

export interface RestoreOptions {
  /** Move a home that is not empty aside, and put the backup in its place. Default: refuse. */
  replace?: boolean;
}

export interface RestoreSummary extends BackupSummary {
  /** Where the home that was replaced now lies; null when there was none. */
  replaced: string | null;
}

/**
 * Puts a backup in place of a home: all of its hashes are checked first, it is copied beside the home, and one rename
 * takes the place of the old one, which is moved aside and not deleted. No process may be using the home.
 */
export async function restore(
  source: string,
  homeRoot: string,
  { replace = false }: RestoreOptions = {},
): Promise<RestoreSummary> {
  const root = resolve(homeRoot);
  const list = await verifyBackup(source);
  if (!replace) await refuseOccupied(root, 'The home');
  const draft = `${root}.${process.pid}.restoring`;
  try {
    await mkdir(draft, { recursive: true, mode: 0o700 });
    for (const { uri } of list.files) {
      const copy = join(draft, uri);
      await mkdir(dirname(copy), { recursive: true, mode: 0o700 });
      await copyFile(join(resolve(source), 'files', uri), copy);
    }
    const replaced = await moveAside(root);
    await rename(draft, root);
    await syncFolder(dirname(root));
    return { ...summaryOf(root, list), replaced };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw storageFailure(error, root) ?? error;
  }
}

async function moveAside(root: string): Promise<string | null> {
  const found = await stat(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!found) return null;
  const aside = `${root}.replaced-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  await rename(root, aside);
  return aside;
}
