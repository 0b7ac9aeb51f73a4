import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import { backtestInput } from '../contracts/stages.ts';
import { dateRange, type DateRange } from '../contracts/time.ts';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../errors.ts';
import { readNetwork } from '../export/read-network.ts';
import { forecasterDetailsOf, type ForecasterDetails } from '../forecasters/load.ts';
import { TRANSFORMER, transformerWeights } from '../forecasters/transformer-weights.ts';
import { readArtifact, readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { readSafetensors } from '../lake/safetensors.ts';
import type { ModelConfig } from '../model/config.ts';
import { layoutOf } from '../model/parameters.ts';
import { flatWeights } from '../model/weights.ts';
import { readVersion, type ModelVersion } from '../registry/versions.ts';
import type { IssueScaling } from '../sequences/issue-scaling.ts';

/** A manifest with what it is called by. */
export interface Found {
  reference: ArtifactReference;
  manifest: Manifest;
}

/** A forecaster that the network is a member of. */
export interface ParentForecaster extends Found {
  details: ForecasterDetails;
  /** Every file by its role, its own of the network among them. */
  files: Map<string, Uint8Array>;
  /** Of the whole network, its head as it was fitted with this forecaster. */
  weights: Float32Array;
}

/** A version whose network is to be made smaller, with all that it takes to make it and to judge it. */
export interface Parent {
  version: ModelVersion;
  config: ModelConfig;
  scaling: IssueScaling;
  training: Found;
  /** Whether what answers is stored as int8. */
  isInt8: boolean;
  /** The weights of the training, which have not seen the validation issues, and their file. */
  trained: Float32Array;
  trainedFile: Uint8Array;
  /**
   * What answers; where the version was fitted again after it was scored, what was scored stands before it. None where
   * the network answers alone.
   */
  forecasters: ParentForecaster[];
  sequences: Found;
  sequenceLength: number;
  scored: { score: DateRange; issueHourLocal: number; sequences: ArtifactReference };
}

/** Reads a version, or the champion, its signature and all files checked. */
export async function readParent(home: Home, name: string, asked?: number): Promise<Parent> {
  const { version: number, answersIssues, config, normaliser, int8 } = await readNetwork(home, name, asked);
  const version = await readVersion({ home }, { name, version: number });
  const { lineage, sequenceLength } = version.record;
  if (!answersIssues || !normaliser.issues || !config.issueHead) {
    throw new BadInputError(
      `The day ahead that ${name} version ${number} forecasts is not its network's answer: a smaller network would change nothing of it.`,
      'Name a version that has its network among its members; `models` tells of them.',
    );
  }
  const { training, sequences, forecaster, refitOf } = lineage;
  const missing = (what: string) => (error: unknown) => {
    if (!(error instanceof MissingDataError)) throw error;
    throw new MissingDataError(
      `The home no longer has ${what} that ${name} version ${number} was made from, which a smaller one is judged on.`,
      'Restore it from a backup, or run the job again.',
      { cause: error },
    );
  };
  const found = async (reference: ArtifactReference, what: string): Promise<Found> => ({
    reference,
    manifest: await readManifest(home, reference).catch(missing(what)),
  });
  const trainedIn = await found(training!, 'the training');
  const backtest = await found(lineage.backtest, 'the backtest');
  const fitted = [refitOf, forecaster].filter((each) => each !== undefined);
  return {
    version,
    config,
    scaling: normaliser.issues,
    training: trainedIn,
    isInt8: int8 !== undefined,
    ...(await trainedWeights(home, trainedIn.manifest, config)),
    forecasters: await Promise.all(
      fitted.map(async (each) => forecasterOf(home, await found(each, 'the forecaster'), config)),
    ),
    sequences: await found(sequences!, 'the sequences'),
    sequenceLength,
    scored: scoredBy(backtest.manifest),
  };
}

async function trainedWeights(home: Home, { key, files }: Manifest, config: ModelConfig) {
  const file = files.find(({ role }) => role === 'weights');
  if (!file) throw new CorruptArtifactError(`The training ${key} has no weights.`, 'Train the model again.');
  const trainedFile = await readArtifact(home, file);
  const trained = flatWeights(readSafetensors(trainedFile, file.uri), layoutOf(config), file.uri);
  return { trained, trainedFile };
}

async function forecasterOf(home: Home, found: Found, config: ModelConfig): Promise<ParentForecaster> {
  const files = new Map<string, Uint8Array>();
  for (const file of found.manifest.files) {
    if (file.role !== undefined) files.set(file.role, await readArtifact(home, file));
  }
  const own = files.get(TRANSFORMER);
  if (!own) {
    throw new CorruptArtifactError(`${found.reference.uri} has no file of its network.`, 'Fit it again.');
  }
  const details = forecasterDetailsOf(found.manifest);
  return { ...found, details, files, weights: transformerWeights(own, layoutOf(config)) };
}

/** What the published scores are of: the smaller version is scored on the same, once it is let through. */
function scoredBy({ key, madeBy, inputs, details }: Manifest): Parent['scored'] {
  const score = dateRange.safeParse((madeBy.settings as { score?: unknown } | null)?.score);
  const sequences = inputs.find(({ uri }) => uri.startsWith('manifests/sequences/'));
  if (!score.success || !sequences) {
    throw new CorruptArtifactError(`The backtest ${key} does not say what it scored.`, 'Backtest it again.');
  }
  const { issueHourLocal } = (details['protocol'] ?? {}) as { issueHourLocal?: unknown };
  return {
    score: score.data,
    issueHourLocal: backtestInput.shape.issueHourLocal.parse(issueHourLocal),
    sequences,
  };
}
