import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { sha256Hex } from '../contracts/artifact.ts';
import { BadInputError, CorruptArtifactError, MissingDataError, describeIssues } from '../errors.ts';
import { writeFileAtomic } from './atomic-write.ts';
import { LAKE_FORMAT_VERSION, storageFailure, type Home } from './home.ts';
import { filesUnder, isTemporary } from './walk.ts';

/** What a backup leaves out: the state of running processes, and Temporal's file, which no copy of a live one is sound. */
const LEFT_OUT = /^(run|logs|locks)\/|^temporal\.db|\.lock\//;
const LIST = 'backup.json';

const insidePath = z
  .string()
  .min(1)
  .refine((uri) => !isAbsolute(uri) && !uri.split('/').includes('..'), 'must lie inside the home');

const backupList = z.strictObject({
  backupVersion: z.literal(1),
  lakeFormatVersion: z.number().int(),
  files: z.array(
    z.strictObject({ uri: insidePath, sha256: sha256Hex, bytes: z.number().int().nonnegative() }),
  ),
});
export type BackupList = z.infer<typeof backupList>;

export interface BackupSummary {
  path: string;
  files: number;
  bytes: number;
}

/**
 * Copies a home's files and their hashes into a new folder, which is there whole or not at all. Manifests are listed
 * before the data, so that every file a copied manifest refers to is copied too while other work goes on.
 */
export async function backup(home: Home, target: string): Promise<BackupSummary> {
  const path = resolve(target);
  await refuseOccupied(path, 'The folder for the backup');
  const draft = `${path}.${process.pid}.tmp`;
  const list: BackupList = { backupVersion: 1, lakeFormatVersion: LAKE_FORMAT_VERSION, files: [] };
  try {
    const first = await filesUnder(home, 'manifests');
    const rest = (await filesUnder(home, '.')).filter(({ uri }) => !uri.startsWith('manifests/'));
    const wanted = [...first, ...rest].filter(({ uri }) => !LEFT_OUT.test(uri) && !isTemporary(uri));
    for (const { uri } of wanted) {
      const copy = join(draft, 'files', uri);
      await mkdir(dirname(copy), { recursive: true, mode: 0o700 });
      await copyFile(home.path(uri), copy);
      list.files.push({ uri, ...(await contentOf(copy)) });
    }
    await writeFileAtomic(join(draft, LIST), `${JSON.stringify(list, null, 1)}\n`);
    await rename(draft, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw storageFailure(error, path) ?? error;
  }
  return summaryOf(path, list);
}

/** Reads a backup's list and checks every file against its hash. Fails with `CorruptArtifactError` naming the file. */
export async function verifyBackup(source: string): Promise<BackupList> {
  const list = await readList(resolve(source));
  for (const file of list.files) {
    const path = join(resolve(source), 'files', file.uri);
    const found = await contentOf(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (found?.sha256 !== file.sha256) {
      throw new CorruptArtifactError(
        found ? `${path} is not what the backup's list says: its SHA-256 differs.` : `${path} is not there.`,
        'Use another backup; the home was not touched.',
      );
    }
  }
  return list;
}

export const summaryOf = (path: string, { files }: BackupList): BackupSummary => ({
  path,
  files: files.length,
  bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
});

export async function refuseOccupied(path: string, what: string): Promise<void> {
  const entries = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') return ['a file'];
    throw error;
  });
  if (entries.length > 0) throw new BadInputError(`${what}, ${path}, is not empty.`, 'Name another one.');
}

async function readList(source: string): Promise<BackupList> {
  const path = join(source, LIST);
  const text = await readFile(path, 'utf8').catch(() => {
    throw new MissingDataError(`${source} is not a backup: it has no ${LIST}.`, 'Give the folder of one.');
  });
  let parsed: z.ZodSafeParseResult<BackupList>;
  try {
    parsed = backupList.safeParse(JSON.parse(text));
  } catch (error) {
    throw new CorruptArtifactError(`${path} is not JSON.`, 'Use another backup.', { cause: error });
  }
  if (!parsed.success) {
    throw new CorruptArtifactError(
      `${path} is not a backup's list (${describeIssues(parsed.error.issues)}).`,
      'Use another backup.',
    );
  }
  if (parsed.data.lakeFormatVersion > LAKE_FORMAT_VERSION) {
    throw new BadInputError(
      `The backup has lake format ${parsed.data.lakeFormatVersion}; this Ringwatt reads up to ${LAKE_FORMAT_VERSION}.`,
      'Use the newer Ringwatt that wrote it.',
    );
  }
  return parsed.data;
}

async function contentOf(path: string): Promise<{ sha256: string; bytes: number }> {
  const { size } = await stat(path);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return { sha256: hash.digest('hex'), bytes: size };
}

export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
