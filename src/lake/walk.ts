import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Home } from './home.ts';

export interface StoredFile {
  /** Path inside the home, with forward slashes. */
  uri: string;
  bytes: number;
  /** When it was last written, in ms since 1970. */
  writtenAt: number;
}

/** Every file under a folder of the home, sorted by path; none when the folder is not there. */
export async function filesUnder(home: Home, folder: string): Promise<StoredFile[]> {
  const entries = await readdir(home.path(folder), { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  const files: StoredFile[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const uri = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await filesUnder(home, uri)));
    if (!entry.isFile()) continue;
    const found = await stat(join(home.root, uri)).catch((error: NodeJS.ErrnoException) => {
      // A temporary file that was moved into place since the folder was read.
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (found) files.push({ uri, bytes: found.size, writtenAt: found.mtimeMs });
  }
  return files;
}

/** A file that was being written when its process died, or still is. */
export const isTemporary = (uri: string) => uri.endsWith('.tmp');
