import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { manifest, type ArtifactKind, type ArtifactReference, type Manifest } from '../contracts/artifact.ts';
import { CorruptArtifactError, MissingDataError, describeIssues } from '../errors.ts';
import { writeFileAtomic } from './atomic-write.ts';
import { canonicalJson, sha256, workKey } from './canonical.ts';
import type { Home } from './home.ts';
import { readFailure } from './storage-failure.ts';

/** Up to so many bytes a file is hashed in one read: a stream takes longer to set up than they take to hash. */
const READ_AT_ONCE = 4 * 2 ** 20;

/** The reference of a file that lies in the home. */
export async function referTo(home: Home, uri: string, rows?: number): Promise<ArtifactReference> {
  const path = home.path(uri);
  const hash = createHash('sha256');
  const { size } = await stat(path);
  if (size <= READ_AT_ONCE) hash.update(await readFile(path));
  else await pipeline(createReadStream(path), hash);
  return { uri, sha256: hash.digest('hex'), bytes: size, ...(rows === undefined ? {} : { rows }) };
}

/** Reads a small artifact and refuses it when it is not what its reference says. */
export async function readArtifact(home: Home, reference: ArtifactReference): Promise<Buffer> {
  const path = home.pathOf(reference);
  const bytes = await readFile(path).catch((error: unknown) => {
    throw missing(error, path, reference.uri) ?? readFailure(error, path) ?? error;
  });
  if (sha256(bytes) !== reference.sha256) throw hashMismatch(path, reference.uri);
  return bytes;
}

/** Checks that a large file is what its reference says, without holding it in memory; returns its path. */
export async function verifiedPath(home: Home, reference: ArtifactReference): Promise<string> {
  const path = home.pathOf(reference);
  const found = await referTo(home, reference.uri).catch((error: unknown) => {
    throw missing(error, path, reference.uri) ?? readFailure(error, path) ?? error;
  });
  if (found.sha256 !== reference.sha256) throw hashMismatch(path, reference.uri);
  return path;
}

/** Content of a small file named by its own hash: written once, never changed. */
export async function writeContent(
  home: Home,
  folder: string,
  extension: string,
  content: string | Uint8Array,
) {
  const uri = `${folder}/${sha256(content).slice(0, 32)}.${extension}`;
  await writeFileAtomic(home.path(uri), content);
  return referTo(home, uri);
}

export async function writeManifest(home: Home, value: Manifest): Promise<ArtifactReference> {
  const uri = manifestUri(value.kind, value.key);
  await writeFileAtomic(home.path(uri), `${canonicalJson(manifest.parse(value))}\n`);
  return referTo(home, uri, value.rows);
}

export async function readManifest(
  home: Home,
  reference: ArtifactReference,
  kind?: ArtifactKind,
): Promise<Manifest> {
  const value = parseManifest(await readArtifact(home, reference), reference.uri);
  if (kind !== undefined && value.kind !== kind) {
    throw new CorruptArtifactError(
      `${reference.uri} is a ${value.kind} manifest, not ${kind}.`,
      'Give the right reference.',
    );
  }
  return value;
}

export interface Work {
  kind: ArtifactKind;
  stage: string;
  /** Raised when the stage's code would give another result for the same settings and inputs. */
  version: number;
  /** JSON only. */
  settings: Record<string, unknown>;
  inputs: ArtifactReference[];
}

/**
 * Does a piece of work once: when its manifest is there and all its files are whole, that is the answer;
 * otherwise `make` is called and its manifest written. A damaged file makes the work be done again.
 */
export async function onceByKey(
  home: Home,
  work: Work,
  make: (key: string) => Promise<Pick<Manifest, 'files' | 'rows'> & { details?: Manifest['details'] }>,
): Promise<{ reference: ArtifactReference; manifest: Manifest; reused: boolean }> {
  const { key, settings } = identityOf(work);
  const found = await findWork(home, work);
  if (found) return { ...found, reused: true };
  const made = await make(key);
  const value: Manifest = {
    formatVersion: 1,
    kind: work.kind,
    key,
    madeBy: { stage: work.stage, version: work.version, settings },
    inputs: work.inputs,
    files: made.files,
    rows: made.rows,
    details: made.details ?? {},
  };
  return { reference: await writeManifest(home, value), manifest: value, reused: false };
}

/** A piece of work that is done: its manifest is there and all its files are whole. */
export async function findWork(
  home: Home,
  work: Work,
): Promise<{ reference: ArtifactReference; manifest: Manifest } | undefined> {
  const uri = manifestUri(work.kind, identityOf(work).key);
  const found = await wholeManifest(home, uri);
  return found && { reference: await referTo(home, uri, found.rows), manifest: found };
}

function identityOf(work: Work): { key: string; settings: Manifest['madeBy']['settings'] } {
  const settings = JSON.parse(canonicalJson(work.settings)) as Manifest['madeBy']['settings'];
  return {
    key: workKey({ stage: work.stage, version: work.version, settings, inputs: work.inputs }),
    settings,
  };
}

export const manifestUri = (kind: ArtifactKind, key: string) => `manifests/${kind}/${key}.json`;

async function wholeManifest(home: Home, uri: string): Promise<Manifest | undefined> {
  const path = home.path(uri);
  try {
    const bytes = await readFile(path).catch((error: unknown) => {
      throw missing(error, path, uri) ?? readFailure(error, path) ?? error;
    });
    const value = parseManifest(bytes, uri);
    for (const file of value.files) await verifiedPath(home, file);
    return value;
  } catch (error) {
    // What is gone or damaged is made again; what the disk refuses to read may be whole, and would be lost by that.
    if (error instanceof MissingDataError || error instanceof CorruptArtifactError) return undefined;
    throw error;
  }
}

function parseManifest(bytes: Buffer, uri: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new CorruptArtifactError(
      `${uri} is not JSON.`,
      cureFor(uri, 'Delete it and run the stage again.'),
      { cause: error },
    );
  }
  const parsed = manifest.safeParse(json);
  if (!parsed.success) {
    throw new CorruptArtifactError(
      `${uri} is not a manifest (${describeIssues(parsed.error.issues)}).`,
      cureFor(uri, 'Delete it and run the stage again.'),
    );
  }
  return parsed.data;
}

/** What a version holds is made by no stage again: another version can answer meanwhile. */
export const MODEL_FILE_CURE =
  'Restore that file from a backup, or put another version in charge with `promote` or `rollback`.';

const cureFor = (uri: string, otherwise: string) => (uri.startsWith('models/') ? MODEL_FILE_CURE : otherwise);

const hashMismatch = (path: string, uri: string) =>
  new CorruptArtifactError(
    `${path} is not what its manifest says: its SHA-256 differs.`,
    cureFor(uri, 'Delete it and run the stage that made it again, or restore it from a backup.'),
  );

function missing(error: unknown, path: string, uri: string): MissingDataError | undefined {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
    ? new MissingDataError(
        `${path} is not there.`,
        cureFor(uri, 'Run the stage that makes it, or restore it from a backup.'),
      )
    : undefined;
}
