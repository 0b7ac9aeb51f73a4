import { transformer } from './transformer.ts';
import { DatasetSource, trainedNetwork } from './trained-network.ts';
import type { ArtifactReference } from '../contracts/artifact.ts';
import { fitForecasterInput, type FitForecasterInput } from '../contracts/forecasters.ts';
import { readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import type { Forecaster } from './forecaster.ts';
import { forecasterDetailsOf, loadForecaster, type LoadedForecaster } from './load.ts';
import { DEFAULT_MEMBERS, memberNamed } from './members.ts';

const TRANSFORMER = 'transformer';

/** Architectures of an ensemble, with whatever they hold open: dispose of them. */
export interface OpenMembers extends AsyncDisposable {
  members: Forecaster[];
  /** Seconds: a network that was trained elsewhere has seen outcomes up to here; −Infinity without one. */
  trainedBy: number;
}

/** The members that a fit was asked for, to be fitted on whatever is known. */
export async function openMembers(home: Home, raw: FitForecasterInput): Promise<OpenMembers> {
  const { members, training, sequences, ...settings } = fitForecasterInput.parse(raw);
  const names = members ?? [...DEFAULT_MEMBERS, ...(training ? [TRANSFORMER] : [])];
  const network = training && names.includes(TRANSFORMER) && (await openNetwork(home, training, sequences));
  return {
    members: names.map((name) =>
      network && name === TRANSFORMER ? network.member : memberNamed(name, settings),
    ),
    trainedBy: network ? network.trainedBy : -Infinity,
    [Symbol.asyncDispose]: async () => {
      if (network) await network[Symbol.asyncDispose]();
    },
  };
}

/** A loaded forecaster with whatever its members hold open. */
export interface OpenForecaster extends LoadedForecaster, AsyncDisposable {}

/**
 * Loads a forecaster to answer for issues of these sequences, its transformer with it where it has one. `training`
 * is where that lies; default: the training that it was fitted with.
 */
export async function openForecaster(
  home: Home,
  reference: ArtifactReference,
  sequences: ArtifactReference,
  training?: ArtifactReference,
): Promise<OpenForecaster> {
  const manifest = await readManifest(home, reference, 'forecaster');
  const has = forecasterDetailsOf(manifest).ensemble.members.includes(TRANSFORMER);
  const behind = training ?? manifest.inputs.find(({ uri }) => uri.startsWith('manifests/training/'));
  const network = has && behind && (await openNetwork(home, behind, sequences));
  try {
    const loaded = await loadForecaster(home, reference, network ? [network.member] : []);
    return {
      ...loaded,
      [Symbol.asyncDispose]: async () => {
        if (network) await network[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    if (network) await network[Symbol.asyncDispose]();
    throw error;
  }
}

async function openNetwork(home: Home, training: ArtifactReference, sequences: ArtifactReference) {
  const source = new DatasetSource(home, await readManifest(home, sequences, 'sequences'));
  const network = await trainedNetwork(home, training);
  return {
    member: transformer(network, source),
    trainedBy: network.trainedBy,
    [Symbol.asyncDispose]: async () => {
      network.model.dispose();
      await source[Symbol.asyncDispose]();
    },
  };
}
