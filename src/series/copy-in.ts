import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { access, constants, copyFile, readdir, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { ArtifactReference } from '../contracts/artifact.ts';
import { BadInputError, MissingDataError } from '../errors.ts';
import { readManifest, referTo } from '../lake/artifacts.ts';
import { placeAtomically } from '../lake/atomic-write.ts';
import type { Home } from '../lake/home.ts';

/**
 * Copies a person's file into the home, named by its hash: what a job refers to stays what it was when the job began,
 * and workers need no path of this machine. Where `check` refuses it, nothing of it stays: neither the copy, if it is
 * this one, nor what was read from it meanwhile.
 */
export async function copyIn<T>(
  home: Home,
  path: string,
  check: (csv: ArtifactReference) => Promise<T>,
): Promise<T> {
  const before = new Set(await manifestNames(home));
  const { csv, isNew } = await copy(home, path);
  try {
    return await check(csv);
  } catch (error) {
    for (const name of await manifestNames(home)) if (!before.has(name)) await takeBack(home, name, csv);
    if (isNew) await rm(home.pathOf(csv), { force: true });
    throw error;
  }
}

const FOLDER = 'manifests/series';

const manifestNames = (home: Home): Promise<string[]> => readdir(home.path(FOLDER)).catch(() => []);

/** The manifest goes first: one whose file is gone would be a damaged one. */
async function takeBack(home: Home, name: string, csv: ArtifactReference): Promise<void> {
  const uri = `${FOLDER}/${name}`;
  const { inputs, files } = await readManifest(home, await referTo(home, uri));
  if (inputs[0]?.uri !== csv.uri) return;
  for (const each of [uri, ...files.map((file) => file.uri)])
    await rm(home.pathOf({ uri: each }), { force: true });
}

async function copy(home: Home, path: string): Promise<{ csv: ArtifactReference; isNew: boolean }> {
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
  const isNew = !existsSync(home.path(uri));
  await placeAtomically(home.path(uri), (temporary) => copyFile(path, temporary));
  return { csv: await referTo(home, uri), isNew };
}

const unreadable = (path: string, cause: NodeJS.ErrnoException) =>
  new BadInputError(
    `${path} cannot be read: ${cause.code}.`,
    'Check its permissions and those of its folder.',
    { cause },
  );
