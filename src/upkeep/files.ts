import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Home } from '../lake/home.ts';

export interface HomeFile {
  /** Relative to the home, with forward slashes. */
  uri: string;
  bytes: number;
  modifiedMs: number;
}

/** Every file under a folder of the home; none when the folder is not there. What goes away meanwhile is left out. */
export async function filesUnder(home: Home, folder: string): Promise<HomeFile[]> {
  const root = home.path(folder);
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  const files = entries.filter((entry) => entry.isFile());
  const found = await Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const status = await stat(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      return (
        status && {
          uri: path.slice(home.root.length + 1),
          bytes: status.size,
          modifiedMs: status.mtimeMs,
        }
      );
    }),
  );
  return found.filter((file) => file !== undefined);
}
