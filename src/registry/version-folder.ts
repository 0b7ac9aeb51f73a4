import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import type { Manifest } from '../contracts/artifact.ts';
import type { RegisterResult } from '../contracts/stages.ts';
import { appendAudit } from '../audit/append.ts';
import { BadInputError } from '../errors.ts';
import { verifiedPath } from '../lake/artifacts.ts';
import { syncPath } from '../lake/atomic-write.ts';
import { canonicalJson, sha256 } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { storageFailure } from '../lake/storage-failure.ts';
import { modelFolder, versionFolder, versionNumbers } from './layout.ts';
import { SIGNATURE_FILE, signatureText } from './signing.ts';
import { sealRecord, type VersionContent, type VersionRecord } from './version-record.ts';
import { wholeRecords } from './versions.ts';

/** One name forecasts one kind of thing: what a version is asked for, and how, follows from it. */
export async function requireSubject(home: Home, name: string, subject: 'grid' | 'series'): Promise<void> {
  const newest = (await wholeRecords(home, name)).at(-1);
  if (newest === undefined) return;
  const before = newest.record.series ? 'series' : 'grid';
  if (before === subject) return;
  const spelled = { grid: "the grid's demand", series: 'a series of its own' };
  throw new BadInputError(
    `The model ${name} forecasts ${spelled[before]}; this one would forecast ${spelled[subject]}.`,
    'Name another with --model.',
  );
}

/** A version's folder while it is being filled. */
export interface Draft {
  version: number;
  /** Where its files are written, and where they will lie. */
  temporary: string;
  finalFolder: string;
}

/**
 * Fills `models/<name>/<version>/` under the next free number. The folder is filled under another name and renamed, so
 * that a version is there whole or not at all; a number that someone else takes in the meantime makes the rename fail
 * and the next one be tried. Call it under the model's lock.
 */
export async function placeVersionFolder(
  home: Home,
  name: string,
  fill: (draft: Draft) => Promise<VersionContent>,
): Promise<RegisterResult> {
  const folder = home.path(modelFolder(name));
  for (;;) {
    const version = ((await versionNumbers(home, name)).at(-1) ?? 0) + 1;
    const temporary = `${folder}/.placing-${version}.${process.pid}.${randomBytes(4).toString('hex')}`;
    try {
      await mkdir(temporary, { mode: 0o700 });
      const text = sealRecord(await fill({ version, temporary, finalFolder: versionFolder(name, version) }));
      await writeFile(`${temporary}/version.json`, text, { mode: 0o600 });
      const signature = await signatureText(home, text);
      await writeFile(`${temporary}/${SIGNATURE_FILE}`, signature, { mode: 0o600 });
      await syncFolder(temporary);
      await rename(temporary, `${folder}/${version}`);
      await syncPath(folder);
      await tellAudit(home, name, version, { sha256: sha256(text), signature });
      return { name, version, sha256: sha256(text), reused: false };
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw storageFailure(error, folder) ?? error;
    }
  }
}

/**
 * Copies a manifest's files into a draft, and writes the manifest so that it refers to the copies. With a prefix the
 * files of several manifests have names of their own.
 */
export async function copyManifest(
  home: Home,
  manifest: Manifest,
  { temporary, finalFolder }: Draft,
  prefix = '',
): Promise<VersionRecord['files']> {
  const copies = [];
  for (const file of manifest.files) {
    const role = `${prefix}${file.role ?? 'other'}`;
    const name = `${role}${/\.[A-Za-z0-9]+$/.exec(file.uri)?.[0] ?? ''}`;
    await copyFile(await verifiedPath(home, file), `${temporary}/${name}`);
    copies.push({ role, file: name, sha256: file.sha256, bytes: file.bytes, original: file });
  }
  const copied: Manifest = {
    ...manifest,
    files: copies.map(({ original, file }) => ({ ...original, uri: `${finalFolder}/${file}` })),
  };
  const text = `${canonicalJson(copied)}\n`;
  const name = `${prefix}manifest.json`;
  await writeFile(`${temporary}/${name}`, text, { mode: 0o600 });
  return [
    ...copies.map(({ role, file, sha256: hash, bytes }) => ({ role, file, sha256: hash, bytes })),
    { role: `${prefix}manifest`, file: name, sha256: sha256(text), bytes: Buffer.byteLength(text) },
  ];
}

/** A small file of a version's own. */
export async function writeText(
  { temporary }: Draft,
  role: string,
  file: string,
  text: string,
): Promise<VersionRecord['files'][number]> {
  await writeFile(`${temporary}/${file}`, text, { mode: 0o600 });
  return { role, file, sha256: sha256(text), bytes: Buffer.byteLength(text) };
}

async function tellAudit(
  home: Home,
  name: string,
  version: number,
  { sha256: hash, signature }: { sha256: string; signature: string },
): Promise<void> {
  const { keyId } = JSON.parse(signature) as { keyId: string };
  await appendAudit(home, {
    ...{ at: new Date().toISOString(), who: 'ringwatt', identity: 'system', what: 'signed' },
    ...{ subject: `model/${name}`, why: 'It was registered here.', from: 'registry' },
    details: { version, sha256: hash, keyId },
  });
}

async function syncFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await syncPath(`${folder}/${name}`);
  await syncPath(folder);
}
