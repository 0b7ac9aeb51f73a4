import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { StorageError } from '../errors.ts';

/** Fails before a long copy rather than in the middle of it; the folder itself need not be there yet. */
export async function requireRoom(folder: string, bytes: number, what: string): Promise<void> {
  let existing = resolve(folder);
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  if (bavail * bsize >= bytes) return;
  const megabytes = (value: number) => `${Math.ceil(value / 2 ** 20)} MiB`;
  throw new StorageError(
    `${what} needs ${megabytes(bytes)}, ${existing} has ${megabytes(bavail * bsize)} left.`,
    'Free some space, or name another folder.',
  );
}
