import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import type { RegisterInput, RegisterResult } from '../contracts/stages.ts';
import { CorruptArtifactError, MissingDataError } from '../errors.ts';
import { readArtifact, readManifest, verifiedPath } from '../lake/artifacts.ts';
import { syncPath } from '../lake/atomic-write.ts';
import { canonicalJson, sha256 } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { storageFailure } from '../lake/storage-failure.ts';
import { detailsOf } from '../backtest/dataset.ts';
import type { ScoresDocument } from '../backtest/scores.ts';
import { modelFolder, versionFolder, versionNumbers } from './layout.ts';
import { readLineage } from './lineage.ts';
import type { VersionRecord } from './version-record.ts';
import { readVersionRecord } from './versions.ts';

/** What a version must hold to forecast without the datasets it came from. */
const REQUIRED_ROLES = ['weights', 'normaliser', 'catalogue'] as const;

/** The version that already has this training and this backtest behind it. */
export async function versionOfLineage(
  home: Home,
  input: RegisterInput,
): Promise<RegisterResult | undefined> {
  for (const version of await versionNumbers(home, input.name)) {
    const { record, sha256: hash } = await readVersionRecord(home, input.name, version);
    const { training, backtest } = record.lineage;
    if (training.sha256 === input.model.sha256 && backtest.sha256 === input.backtest.sha256) {
      return { name: input.name, version, sha256: hash, reused: true };
    }
  }
  return undefined;
}

/**
 * Copies a trained model into `models/<name>/<version>/` under the next free number. The folder is filled under
 * another name and renamed, so that a version is there whole or not at all; a number that someone else takes in the
 * meantime makes the rename fail and the next one be tried. Call it under the model's lock.
 */
export async function placeVersion(home: Home, input: RegisterInput): Promise<RegisterResult> {
  const training = await readManifest(home, input.model, 'training');
  const backtest = await readManifest(home, input.backtest, 'backtest');
  requireSameModel(input, backtest);
  const lineage = await readLineage(home, input);
  const metrics = await readScores(home, backtest);
  const { sequenceLength } = detailsOf(await readManifest(home, lineage.sequences, 'sequences'));
  const folder = home.path(modelFolder(input.name));
  for (;;) {
    const version = ((await versionNumbers(home, input.name)).at(-1) ?? 0) + 1;
    const temporary = `${folder}/.placing-${version}.${process.pid}.${randomBytes(4).toString('hex')}`;
    try {
      await mkdir(temporary, { mode: 0o700 });
      const files = await copyFiles(home, training, temporary, versionFolder(input.name, version));
      const catalogue = files.find(({ role }) => role === 'catalogue')!;
      const record: VersionRecord = {
        formatVersion: 1,
        name: input.name,
        version,
        createdAt: new Date().toISOString(),
        featureCatalogueSha256: catalogue.sha256,
        datasetSha256: lineage.sequences.sha256,
        lineage,
        sequenceLength,
        metrics,
        training: training.details,
        files,
      };
      const text = `${canonicalJson(record)}\n`;
      await writeFile(`${temporary}/version.json`, text, { mode: 0o600 });
      await syncFolder(temporary);
      await rename(temporary, `${folder}/${version}`);
      await syncPath(folder);
      return { name: input.name, version, sha256: sha256(text), reused: false };
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw storageFailure(error, folder) ?? error;
    }
  }
}

/** Copies the training artifact's files and writes a training manifest that refers to the copies. */
async function copyFiles(
  home: Home,
  training: Manifest,
  temporary: string,
  finalFolder: string,
): Promise<VersionRecord['files']> {
  const absent = REQUIRED_ROLES.find((role) => !training.files.some((file) => file.role === role));
  if (absent) {
    throw new CorruptArtifactError(
      `The training manifest ${training.key} has no ${absent}.`,
      'Train again; the model cannot be used without it.',
    );
  }
  const copies = [];
  for (const file of training.files) {
    const role = file.role ?? 'other';
    const name = `${role}${/\.[A-Za-z0-9]+$/.exec(file.uri)?.[0] ?? ''}`;
    await copyFile(await verifiedPath(home, file), `${temporary}/${name}`);
    copies.push({ role, file: name, sha256: file.sha256, bytes: file.bytes, original: file });
  }
  const manifest: Manifest = {
    ...training,
    files: copies.map(({ original, file }) => ({ ...original, uri: `${finalFolder}/${file}` })),
  };
  const text = `${canonicalJson(manifest)}\n`;
  await writeFile(`${temporary}/manifest.json`, text, { mode: 0o600 });
  return [
    ...copies.map(({ role, file, sha256: hash, bytes }) => ({ role, file, sha256: hash, bytes })),
    { role: 'manifest', file: 'manifest.json', sha256: sha256(text), bytes: Buffer.byteLength(text) },
  ];
}

function requireSameModel({ model, backtest }: RegisterInput, scored: Manifest): void {
  if (scored.inputs[0]?.sha256 === model.sha256) return;
  throw new CorruptArtifactError(
    `The backtest ${backtest.uri} is of another model than ${model.uri}.`,
    'Backtest this model, then register it.',
  );
}

async function readScores(home: Home, backtest: Manifest): Promise<VersionRecord['metrics']> {
  const reference: ArtifactReference | undefined = backtest.files.find(({ role }) => role === 'scores');
  if (!reference) {
    throw new MissingDataError(`The backtest ${backtest.key} has no scores.`, 'Run `backtest` again.');
  }
  const document = JSON.parse((await readArtifact(home, reference)).toString('utf8')) as ScoresDocument;
  return document.regions.map(({ overall }) => overall);
}

async function syncFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await syncPath(`${folder}/${name}`);
  await syncPath(folder);
}
