import type { z } from 'zod';
import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import type { ScoreTrialInput } from '../contracts/search.ts';
import { BadInputError, CorruptArtifactError, describeIssues } from '../errors.ts';
import type { Forecaster } from '../forecasters/forecaster.ts';
import { ridge } from '../forecasters/ridge/ridge.ts';
import { DatasetSource, trainedNetwork } from '../forecasters/trained-network.ts';
import { transformer } from '../forecasters/transformer.ts';
import { trees } from '../forecasters/trees.ts';
import { readArtifact } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { parseNormaliser } from '../sequences/normaliser.ts';
import { FITTED_SETTINGS, isFitted } from './settings.ts';
import { withUnseenRegion } from './unseen-region.ts';

/** An architecture with whatever it holds open: dispose of it. */
interface OpenArchitecture extends AsyncDisposable {
  forecaster: Forecaster;
}

/** A trial's architecture, to be asked about issues of these sequences. One for a region it has not seen is pooled. */
export async function openArchitecture(
  home: Home,
  sequences: Manifest,
  { forecaster, settings, heldOut, model }: ScoreTrialInput,
): Promise<OpenArchitecture> {
  if (!isFitted(forecaster)) return openNetwork(home, sequences, model, heldOut);
  const pooled = heldOut !== undefined;
  return {
    forecaster:
      forecaster === 'ridge'
        ? ridge({ ...checked(FITTED_SETTINGS.ridge, settings), pooled })
        : trees({ ...checked(FITTED_SETTINGS.trees, settings), pooled }),
    [Symbol.asyncDispose]: async () => {},
  };
}

async function openNetwork(
  home: Home,
  sequences: Manifest,
  model: ArtifactReference | undefined,
  heldOut: string | undefined,
): Promise<OpenArchitecture> {
  if (!model)
    throw new BadInputError('A transformer is scored by its training manifest.', 'Give it as `model`.');
  const trained = await trainedNetwork(home, model);
  const network =
    heldOut === undefined
      ? trained
      : await withUnseenRegion(trained, heldOut, await scalingOf(home, sequences));
  const source = new DatasetSource(home, sequences);
  return {
    forecaster: transformer(network, source),
    [Symbol.asyncDispose]: async () => {
      network.model.dispose();
      await source[Symbol.asyncDispose]();
    },
  };
}

async function scalingOf(home: Home, { key, files }: Manifest) {
  const file = files.find(({ role }) => role === 'normaliser');
  if (!file) throw new CorruptArtifactError(`The sequences ${key} have no normaliser.`, 'Cut them again.');
  return parseNormaliser(await readArtifact(home, file), file.uri).issues;
}

function checked<Schema extends z.ZodType>(schema: Schema, settings: ScoreTrialInput['settings']) {
  const parsed = schema.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw new BadInputError(
    `The settings of a trial are wrong: ${describeIssues(parsed.error.issues)}.`,
    'Search another space.',
  );
}
