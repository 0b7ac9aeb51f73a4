import { copyFile, stat, utimes } from 'node:fs/promises';

/** Copies a file and when it was written: of two manifests the newer one counts, and no manifest says when it was made. */
export async function datedCopy(from: string, to: string): Promise<void> {
  const { atime, mtime } = await stat(from);
  await copyFile(from, to);
  await utimes(to, atime, mtime);
}
