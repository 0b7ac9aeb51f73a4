import type { ArtifactKind, ArtifactReference } from '../contracts/artifact.ts';
import type { RegisterInput } from '../contracts/stages.ts';
import { CorruptArtifactError } from '../errors.ts';
import { readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import type { VersionRecord } from './version-record.ts';

/** Follows the manifests' inputs from a model back to the grid's record. */
export async function readLineage(
  home: Home,
  { model, backtest }: Pick<RegisterInput, 'model' | 'backtest'>,
): Promise<VersionRecord['lineage']> {
  const { kind, inputs } = await readManifest(home, model);
  const isForecaster = kind === 'forecaster';
  const training = isForecaster ? inputs.find(({ uri }) => uri.startsWith('manifests/training/')) : model;
  const sequences = await inputOf(home, model, isForecaster ? 'forecaster' : 'training', 'sequences');
  const features = await inputOf(home, sequences, 'sequences', 'features');
  const validated = await inputOf(home, features, 'features', 'validated');
  const grid = await inputOf(home, validated, 'validated', 'grid');
  return {
    ...(isForecaster && { forecaster: model }),
    ...(training && { training }),
    backtest,
    sequences,
    features,
    validated,
    grid,
  };
}

async function inputOf(
  home: Home,
  reference: ArtifactReference,
  kind: ArtifactKind,
  of: ArtifactKind,
): Promise<ArtifactReference> {
  const { inputs } = await readManifest(home, reference, kind);
  const found = inputs.find(({ uri }) => uri.startsWith(`manifests/${of}/`));
  if (found) return found;
  throw new CorruptArtifactError(
    `${reference.uri} does not say which ${of} dataset it was made from.`,
    `Run the stage that makes it again.`,
  );
}
