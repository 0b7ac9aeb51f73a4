import { readFile } from 'node:fs/promises';
import type { ArtifactReference } from '../contracts/artifact.ts';
import { CorruptArtifactError, MissingDataError, describeIssues } from '../errors.ts';
import { MODEL_FILE_CURE, verifiedPath } from '../lake/artifacts.ts';
import { sha256 } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { FORECASTER_PREFIX, versionFile, versionFolder, versionNumbers, versionUri } from './layout.ts';
import { requireSignature, signatureState, signRecord, type SignatureState } from './signing.ts';
import { isAsSealed, versionRecord, type VersionRecord } from './version-record.ts';

export interface ModelVersion {
  record: VersionRecord;
  /** The hash of `version.json`: what a champion's record names. */
  sha256: string;
  /** The version's own training manifest, whose files are the copies in its folder; without a training its forecaster. */
  model: ArtifactReference;
  /** Its own forecaster manifest, likewise; versions of before have none. */
  forecaster?: ArtifactReference;
}

/**
 * Reads a version, and checks who signed it and every one of its files against its hash, and its record against the one that a champion's
 * record names: of records from before they had a hash of their own nothing else does.
 */
export async function readVersion(
  { home }: { home: Home },
  { name, version, sha256: expected }: { name: string; version: number; sha256?: string },
): Promise<ModelVersion> {
  const found = await readSignedRecord(home, name, version, expected);
  await requireFiles(home, found);
  return found;
}

/** Reads `version.json` alone, and refuses what nobody whom this home trusts has signed. */
export async function readSignedRecord(
  home: Home,
  name: string,
  version: number,
  expected?: string,
): Promise<ModelVersion> {
  const bytes = await recordBytes(home, name, version);
  const found = versionOf(bytes, name, version);
  if (expected !== undefined && expected !== found.sha256) {
    throw damaged(versionUri(name, version), 'its SHA-256 is not the one that champion.json names');
  }
  await requireSignature(home, { name, version }, bytes);
  return found;
}

/** Reads `version.json` alone, to tell of it: whoever loads the model asks who signed it. */
export async function readVersionRecord(home: Home, name: string, version: number): Promise<ModelVersion> {
  return versionOf(await recordBytes(home, name, version), name, version);
}

/** Signs a version whose record and files are whole, unless a key that this home trusts has done so already. */
export async function signVersion(
  home: Home,
  { name, version }: { name: string; version: number },
): Promise<{ keyId: string; sha256: string; before: SignatureState; signed: boolean }> {
  const bytes = await recordBytes(home, name, version);
  const found = versionOf(bytes, name, version);
  await requireFiles(home, found);
  const before = await signatureState(home, { name, version }, bytes);
  const { sha256: hash } = found;
  if (before.state === 'signed') return { keyId: before.keyId, sha256: hash, before, signed: false };
  return { keyId: await signRecord(home, { name, version }, bytes), sha256: hash, before, signed: true };
}

async function recordBytes(home: Home, name: string, version: number): Promise<Buffer> {
  return readFile(home.path(versionUri(name, version))).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw await noSuchVersion(home, name, version);
  });
}

async function requireFiles(home: Home, { record: { name, version, files } }: ModelVersion): Promise<void> {
  await Promise.all(
    files.map(({ file, sha256: hash, bytes }) =>
      verifiedPath(home, { uri: `${versionFolder(name, version)}/${file}`, sha256: hash, bytes }),
    ),
  );
}

function versionOf(bytes: Buffer, name: string, version: number): ModelVersion {
  const uri = versionUri(name, version);
  const record = parseRecord(bytes, uri);
  if (record.name !== name || record.version !== version) {
    throw damaged(uri, `it is of ${record.name} version ${record.version}`);
  }
  const forecaster = versionFile(record, `${FORECASTER_PREFIX}manifest`);
  const model = versionFile(record, 'manifest') ?? forecaster;
  if (!model) throw damaged(uri, 'it names no manifest of a model');
  return { record, sha256: sha256(bytes), model, ...(forecaster && { forecaster }) };
}

/** The records of a model's versions, ascending; a damaged one tells nothing, and must not keep others from being used. */
export async function wholeRecords(home: Home, name: string): Promise<ModelVersion[]> {
  const found: ModelVersion[] = [];
  for (const version of await versionNumbers(home, name)) {
    const one = await readVersionRecord(home, name, version).catch((error: unknown) => {
      if (!(error instanceof CorruptArtifactError)) throw error;
    });
    if (one) found.push(one);
  }
  return found;
}

function parseRecord(bytes: Buffer, uri: string): VersionRecord {
  const text = bytes.toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw damaged(uri, 'it is not JSON');
  }
  const parsed = versionRecord.safeParse(json);
  if (!parsed.success) throw damaged(uri, describeIssues(parsed.error.issues));
  if (!isAsSealed(text, json as Record<string, unknown>)) throw damaged(uri, 'its SHA-256 differs');
  return parsed.data;
}

async function noSuchVersion(home: Home, name: string, version: number): Promise<MissingDataError> {
  const versions = await versionNumbers(home, name);
  return versions.length === 0
    ? new MissingDataError(`There is no model ${name}.`, 'Train and register one: `run`, or `train`.')
    : new MissingDataError(
        `The model ${name} has no version ${version}; it has ${versions.join(', ')}.`,
        'Name one of these.',
      );
}

const damaged = (uri: string, what: string) =>
  new CorruptArtifactError(`${uri} is not a version's record: ${what}.`, MODEL_FILE_CURE);
