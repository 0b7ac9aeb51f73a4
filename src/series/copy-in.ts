import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants, copyFile, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { ArtifactReference } from '../contracts/artifact.ts';
import { BadInputError, MissingDataError } from '../errors.ts';
import { referTo } from '../lake/artifacts.ts';
import { placeAtomically } from '../lake/atomic-write.ts';
import type { Home } from '../lake/home.ts';

/**
 * Copies a person's file into the home, named by its hash: what a job refers to stays what it was when the job began,
 * and workers need no path of this machine.
 */
export async function copyIn(home: Home, path: string): Promise<ArtifactReference> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw unreadable(path, error);
    throw new MissingDataError(`${path} is not there.`, 'Check the path.');
  });
  if (!found.isFile()) throw new BadInputError(`${path} is not a file.`, 'Give a CSV file.');
  if (found.size === 0)
    throw new BadInputError(`${path} is empty.`, 'Give a CSV file with a header and rows.');
  await access(path, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, error);
  });
  await home.requireFreeSpace(2 * found.size, 'Copying the file');
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const uri = `series/files/${hash.digest('hex')}.csv`;
  await placeAtomically(home.path(uri), (temporary) => copyFile(path, temporary));
  return referTo(home, uri);
}

const unreadable = (path: string, cause: NodeJS.ErrnoException) =>
  new BadInputError(
    `${path} cannot be read: ${cause.code}.`,
    'Check its permissions and those of its folder.',
    { cause },
  );
