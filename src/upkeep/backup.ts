import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { sha256Hex } from '../contracts/artifact.ts';
import { BadInputError, CorruptArtifactError, MissingDataError, describeIssues } from '../errors.ts';
import { placeAtomically, writeFileAtomic } from '../lake/atomic-write.ts';
import { Home, LAKE_FORMAT_VERSION } from '../lake/home.ts';
import { storageFailure } from '../lake/storage-failure.ts';
import { PRIVATE_KEY_URI } from '../signing/key-files.ts';
import { HEAD_URI, LOG_URI } from '../audit/chain.ts';
import { copyAudit } from './audit-copy.ts';
import { filesUnder, type HomeFile } from './files.ts';
import { requireRoom } from './room.ts';
import { fileHash } from './file-hash.ts';
import { copyDatabase } from './database-copy.ts';
import { datedCopy } from './dated-copy.ts';

const INDEX = 'backup.json';
const DATABASE = 'temporal.db';
/** What belongs to running processes, and what is made again by itself. */
const LEFT_OUT = ['run', 'logs', 'cache'];
const CHECKPOINTS = 'checkpoints';
const POINTERS = ['models', 'manifests'];

const backupIndex = z.strictObject({
  formatVersion: z.literal(1),
  lakeFormat: z.number().int(),
  files: z.array(z.strictObject({ uri: z.string(), sha256: sha256Hex, bytes: z.number().int() })),
});
type BackupIndex = z.infer<typeof backupIndex>;

export interface BackupOptions {
  /** Copy the home's private key too: whoever has the backup can then sign in its name. */
  withKeys?: boolean;
  signal: AbortSignal;
  progress(done: number, total: number): void;
}

/**
 * Copies a home into an empty folder, also while its services run. What points comes before what it points to, which
 * by then is written and does not change: Temporal's database as of one moment, the champions, versions and manifests,
 * then the data. The index comes last: a backup that was cut off has none.
 */
export async function backUp(home: Home, target: string, options: BackupOptions): Promise<BackupIndex> {
  const folder = resolve(target);
  await requireEmpty(folder);
  const kept = async (under: string) =>
    (await keptFiles(home, under)).filter(({ uri }) => options.withKeys || uri !== PRIVATE_KEY_URI);
  const everything = await kept('.');
  const bytes = everything.reduce((sum, file) => sum + file.bytes, 0);
  await requireRoom(folder, bytes, 'The backup');
  const files = new Map<string, BackupIndex['files'][number]>();
  const copy = async (uri: string, write: (from: string, to: string) => Promise<void>) => {
    if (files.has(uri)) return;
    options.signal.throwIfAborted();
    options.progress(files.size, Math.max(everything.length, files.size + 1));
    const path = join(folder, uri);
    await placeAtomically(path, (temporary) => write(home.path(uri), temporary));
    files.set(uri, { uri, ...(await fileHash(path)) });
  };
  const copyAll = async (found: HomeFile[]) => {
    for (const { uri } of found) {
      try {
        await copy(uri, datedCopy);
      } catch (error) {
        // A checkpoint may be followed by a newer one, a superseded dataset be collected.
        if (existsSync(home.path(uri))) throw error;
      }
    }
  };

  // A training keeps its two newest checkpoints: those of before the database's moment may soon be gone.
  await copyAll(await keptFiles(home, CHECKPOINTS));
  if (existsSync(home.path(DATABASE))) await copy(DATABASE, copyDatabase);
  await copyAll(await keptFiles(home, CHECKPOINTS));
  for (;;) {
    // What a pointer found in one listing points to was there before it, so the next listing shows it.
    const pointers = (await Promise.all(POINTERS.map((under) => keptFiles(home, under)))).flat();
    const unseen = pointers.filter(({ uri }) => !files.has(uri) && existsSync(home.path(uri)));
    if (unseen.length === 0) break;
    await copyAll(unseen.toSorted((a, b) => rank(a.uri) - rank(b.uri)));
  }
  if (existsSync(home.path(HEAD_URI)) && existsSync(home.path(LOG_URI))) await copyAudit(copy);
  const data = await kept('.');
  await copyAll(data.filter(({ uri }) => !POINTERS.includes(uri.split('/')[0] ?? '')));

  const index: BackupIndex = {
    formatVersion: 1,
    lakeFormat: LAKE_FORMAT_VERSION,
    files: [...files.values()],
  };
  await writeFileAtomic(join(folder, INDEX), `${JSON.stringify(index)}\n`);
  options.progress(files.size, files.size);
  return index;
}

/** Makes a home of a backup. The home must not be there yet; every file is checked before it appears. */
export async function restore(source: string, target: string, options: BackupOptions): Promise<BackupIndex> {
  const folder = resolve(source);
  const root = resolve(target);
  const index = await readIndex(folder);
  if (index.lakeFormat > LAKE_FORMAT_VERSION) {
    throw new BadInputError(
      `The backup ${folder} has lake format ${index.lakeFormat}; this Ringwatt reads up to ${LAKE_FORMAT_VERSION}.`,
      'Use the newer Ringwatt that wrote it.',
    );
  }
  await requireEmpty(root);
  const bytes = index.files.reduce((sum, file) => sum + file.bytes, 0);
  await requireRoom(root, bytes, 'Restoring');
  const temporary = `${root}.${process.pid}.restore`;
  try {
    const home = await Home.open(temporary);
    for (const [done, { uri, sha256 }] of index.files.entries()) {
      options.signal.throwIfAborted();
      options.progress(done, index.files.length);
      await placeAtomically(home.path(uri), (path) => datedCopy(join(folder, uri), path)).catch(
        missing(folder, uri),
      );
      if ((await fileHash(home.path(uri))).sha256 !== sha256) throw damaged(join(folder, uri));
    }
    await rm(root, { recursive: true, force: true });
    await rename(temporary, root);
  } catch (error) {
    throw storageFailure(error, root) ?? error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  options.progress(index.files.length, index.files.length);
  return index;
}

/** The files under a folder of the home that belong into a backup, but for the database. */
async function keptFiles(home: Home, under: string): Promise<HomeFile[]> {
  return (await filesUnder(home, under)).filter(
    ({ uri }) =>
      !LEFT_OUT.includes(uri.split('/')[0] ?? '') && !uri.startsWith(DATABASE) && !uri.endsWith('.tmp'),
  );
}

/** Who is champion, and the history, before the versions they name. */
const rank = (uri: string) => (/^models\/[^/]+\/[^/]+$/.test(uri) ? 0 : 1);

async function requireEmpty(folder: string): Promise<void> {
  try {
    await mkdir(dirname(folder), { recursive: true });
    if ((await readdir(folder)).length === 0) return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw storageFailure(error, folder) ?? error;
  }
  throw new BadInputError(`${folder} is not empty.`, 'Name a folder that is not there yet.');
}

async function readIndex(folder: string): Promise<BackupIndex> {
  const path = join(folder, INDEX);
  const text = await readFile(path, 'utf8').catch(() => {
    throw new MissingDataError(
      `${path} is not there: ${folder} is no whole backup.`,
      'Name a folder that `backup` wrote to its end.',
    );
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw damaged(path);
  }
  const parsed = backupIndex.safeParse(json);
  if (!parsed.success) {
    throw new CorruptArtifactError(
      `${path} is no index (${describeIssues(parsed.error.issues)}).`,
      'Use another backup.',
    );
  }
  return parsed.data;
}

const missing = (folder: string, uri: string) => (error: NodeJS.ErrnoException) => {
  throw error.code === 'ENOENT'
    ? new MissingDataError(`${join(folder, uri)} is not there.`, 'Use another backup.')
    : error;
};

const damaged = (path: string) =>
  new CorruptArtifactError(`${path} is not what the backup's index says.`, 'Use another backup.');
