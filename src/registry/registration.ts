import { writeFile } from 'node:fs/promises';
import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import type { RegisterInput, RegisterResult } from '../contracts/stages.ts';
import { CorruptArtifactError, MissingDataError } from '../errors.ts';
import { readArtifact, readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { canonicalJson, sha256 } from '../lake/canonical.ts';
import { detailsOf } from '../backtest/dataset.ts';
import type { ScoresDocument } from '../backtest/scores.ts';
import { cardText, modelCard, type ModelCard } from './card.ts';
import { compressionOf } from './compression.ts';
import { FORECASTER_PREFIX } from './layout.ts';
import { readLineage } from './lineage.ts';
import type { VersionRecord } from './version-record.ts';
import { copyManifest, placeVersionFolder, requireSubject, type Draft } from './version-folder.ts';
import { wholeRecords } from './versions.ts';

/** What a version must hold to forecast without the datasets it came from. */
const REQUIRED_ROLES = ['weights', 'normaliser', 'catalogue'] as const;

/** The version that already has this model and this backtest behind it. */
export async function versionOfLineage(
  home: Home,
  input: RegisterInput,
): Promise<RegisterResult | undefined> {
  for (const { record, sha256: hash } of await wholeRecords(home, input.name)) {
    const { forecaster, training, backtest } = record.lineage;
    const model = forecaster ?? training;
    if (model?.sha256 === input.model.sha256 && backtest.sha256 === input.backtest.sha256) {
      return { name: input.name, version: record.version, sha256: hash, reused: true };
    }
  }
  return undefined;
}

/**
 * Copies a model into `models/<name>/<version>/` under the next free number: a forecaster with the training that its
 * network lies in, or a training alone. Call it under the model's lock.
 */
export async function placeVersion(home: Home, input: RegisterInput): Promise<RegisterResult> {
  await requireSubject(home, input.name, 'grid');
  const lineage = await readLineage(home, input);
  const model = await readManifest(home, input.model);
  const training = lineage.training && (await readManifest(home, lineage.training, 'training'));
  const backtest = await readManifest(home, input.backtest, 'backtest');
  const refitOf = requireSameModel(input, model, backtest);
  const document = await readScores(home, backtest);
  const compression = compressionOf(model);
  const { sequenceLength } = detailsOf(await readManifest(home, lineage.sequences!, 'sequences'));
  return placeVersionFolder(home, input.name, async (draft) => {
    const files = [
      ...(training ? await copyFiles(home, training, draft) : []),
      ...(model.kind === 'forecaster' ? await copyManifest(home, model, draft, FORECASTER_PREFIX) : []),
      ...(await writeCard(modelCard({ name: input.name, version: draft.version }, model, document), draft)),
    ];
    const catalogue = files.find(({ role }) => role === 'catalogue');
    return {
      name: input.name,
      version: draft.version,
      createdAt: new Date().toISOString(),
      ...(catalogue ? { featureCatalogueSha256: catalogue.sha256 } : {}),
      datasetSha256: lineage.sequences!.sha256,
      lineage: { ...lineage, ...(refitOf && { refitOf }) },
      ...(compression && { compression }),
      sequenceLength,
      metrics: document.regions.map(({ overall }) => overall),
      training: training?.details ?? {},
      files,
    };
  });
}

/** The version's card, as JSON and as text. */
async function writeCard(card: ModelCard, { temporary }: Draft): Promise<VersionRecord['files']> {
  const texts = { card: `${canonicalJson(card)}\n`, 'card-text': cardText(card) };
  const names = { card: 'card.json', 'card-text': 'card.md' };
  const roles = ['card', 'card-text'] as const;
  for (const role of roles) await writeFile(`${temporary}/${names[role]}`, texts[role], { mode: 0o600 });
  return roles.map((role) => ({
    role,
    file: names[role],
    sha256: sha256(texts[role]),
    bytes: Buffer.byteLength(texts[role]),
  }));
}

/** Copies the training artifact's files and writes a training manifest that refers to the copies. */
async function copyFiles(home: Home, training: Manifest, draft: Draft): Promise<VersionRecord['files']> {
  const absent = REQUIRED_ROLES.find((role) => !training.files.some((file) => file.role === role));
  if (absent) {
    throw new CorruptArtifactError(
      `The training manifest ${training.key} has no ${absent}.`,
      'Train again; the model cannot be used without it.',
    );
  }
  return copyManifest(home, training, draft);
}

/** What was scored: the model itself, or the forecaster that it is a refit of, which is then named. */
function requireSameModel(
  { model, backtest }: RegisterInput,
  { inputs }: Manifest,
  scored: Manifest,
): ArtifactReference | undefined {
  const subject = scored.inputs[0]?.sha256;
  if (subject === model.sha256) return undefined;
  const before = inputs.find(({ uri }) => uri.startsWith('manifests/forecaster/'));
  if (before && before.sha256 === subject) return before;
  throw new CorruptArtifactError(
    `The backtest ${backtest.uri} is of another model than ${model.uri}.`,
    'Backtest this model, then register it.',
  );
}

async function readScores(home: Home, backtest: Manifest): Promise<ScoresDocument> {
  const reference: ArtifactReference | undefined = backtest.files.find(({ role }) => role === 'scores');
  if (!reference) {
    throw new MissingDataError(`The backtest ${backtest.key} has no scores.`, 'Run `backtest` again.');
  }
  return JSON.parse((await readArtifact(home, reference)).toString('utf8')) as ScoresDocument;
}
