import { transformer } from './transformer.ts';
import { DatasetSource, trainedNetwork } from './trained-network.ts';
import type { ArtifactReference } from '../contracts/artifact.ts';
import { fitForecasterInput, type FitForecasterInput } from '../contracts/forecasters.ts';
import { readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import type { Forecaster } from './forecaster.ts';
import { forecasterDetailsOf, loadForecaster, type LoadedForecaster } from './load.ts';
import { readFound, type Found } from '../search/found.ts';
import { DEFAULT_MEMBERS, memberNamed, type MemberSettings } from './members.ts';

const TRANSFORMER = 'transformer';

/** Architectures of an ensemble, with whatever they hold open: dispose of them. */
export interface OpenMembers extends AsyncDisposable {
  members: Forecaster[];
  /** Seconds: a network that was trained elsewhere has seen outcomes up to here; −Infinity without one. */
  trainedBy: number;
  /** What a search found, where the fit goes on from one: its settings know outcomes up to the end of its validation. */
  found?: Found;
}

/** The members that a fit was asked for, to be fitted on whatever is known. */
export async function openMembers(home: Home, raw: FitForecasterInput): Promise<OpenMembers> {
  const { members, training, sequences, search, ...settings } = fitForecasterInput.parse(raw);
  const found = search && (await readFound(home, search));
  const further = found?.further.map(({ member }) => member) ?? [];
  const names = members ?? [...DEFAULT_MEMBERS, ...further, ...(training ? [TRANSFORMER] : [])];
  const network = training && names.includes(TRANSFORMER) && (await openNetwork(home, training, sequences));
  const searched = found && settingsFrom(found, settings);
  // What no trial was, such as ridge-own, keeps the settings that it has anyway.
  const settingsOf = (name: string) =>
    searched && (name === 'ridge' || name === 'trees' || further.includes(name)) ? searched : settings;
  return {
    members: names.map((name) =>
      network && name === TRANSFORMER ? network.member : memberNamed(name, settingsOf(name)),
    ),
    trainedBy: network ? network.trainedBy : -Infinity,
    ...(found && { found }),
    [Symbol.asyncDispose]: async () => {
      if (network) await network[Symbol.asyncDispose]();
    },
  };
}

/** What a search found, over what it did not try. */
const settingsFrom = ({ best, further }: Found, { ridge, trees }: MemberSettings): MemberSettings => ({
  ridge: { ...ridge, ...best.ridge?.settings },
  trees: { ...trees, ...best.trees?.settings },
  trials: Object.fromEntries(further.map(({ member, settings }) => [member, settings])),
});

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
