import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import { BadInputError, CorruptArtifactError } from '../errors.ts';
import { forecasterDetailsOf } from '../forecasters/load.ts';
import { TRANSFORMER, transformerWeights } from '../forecasters/transformer-weights.ts';
import { MODEL_FILE_CURE, readArtifact, readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { readSafetensors } from '../lake/safetensors.ts';
import { modelConfig, type ModelConfig } from '../model/config.ts';
import { layoutOf } from '../model/parameters.ts';
import { int8Of, type Int8Matrix } from '../model/stored-parameters.ts';
import { noChampion, readChampion } from '../registry/champion.ts';
import { readVersion, type ModelVersion } from '../registry/versions.ts';
import { parseNormaliser } from '../sequences/normaliser.ts';
import type { RegisteredNetwork } from './network.ts';

/** All of a network but its weights, which may be large, and the file that they lie in. */
export interface NetworkRecord {
  network: Omit<RegisteredNetwork, 'weights' | 'int8'>;
  /** Parameter by parameter, or one flat array `weights`. */
  file: ArtifactReference;
}

/** The network of a version, or of the champion: signature and files checked, weights those that it forecasts with. */
export async function readNetwork(home: Home, name: string, version?: number): Promise<RegisteredNetwork> {
  const { network, file } = await readNetworkRecord(home, name, version);
  const bytes = await readArtifact(home, file);
  const int8 = int8In(bytes, network.config);
  return {
    ...network,
    weights: transformerWeights(bytes, layoutOf(network.config)),
    ...(int8.size > 0 && { int8 }),
  };
}

/** The same without the weights: the file of those is not looked at. */
export async function readNetworkRecord(home: Home, name: string, version?: number): Promise<NetworkRecord> {
  const found = await versionOrChampion(home, name, version);
  requireNetwork(found);
  const manifest = await readManifest(home, found.model, 'training');
  const parsed = modelConfig.safeParse(manifest.details['model']);
  if (!parsed.success) {
    throw new CorruptArtifactError(`${found.model.uri} does not describe a network.`, MODEL_FILE_CURE);
  }
  const config = parsed.data;
  const bytes = await readArtifact(home, fileOf(manifest, 'normaliser'));
  const normaliser = parseNormaliser(bytes, found.model.uri);
  const ofIssues = config.issueHead && normaliser.issues ? await fileForIssues(home, found) : 'none';
  return {
    network: {
      model: found.record.name,
      version: found.record.version,
      sha256: found.sha256,
      config,
      normaliser,
      sequenceLength: found.record.sequenceLength,
      answersIssues: ofIssues !== 'none',
    },
    // What was refitted for issues is the issue head alone, so that its file has the hourly heads' weights too.
    file: typeof ofIssues === 'string' ? fileOf(manifest, 'weights') : ofIssues,
  };
}

async function versionOrChampion(home: Home, name: string, version?: number): Promise<ModelVersion> {
  if (version !== undefined) return readVersion({ home }, { name, version });
  const champion = await readChampion({ home }, { name });
  if (champion) return readVersion({ home }, champion);
  throw await noChampion(home, name);
}

function requireNetwork({ record }: ModelVersion): void {
  const { name, version, lineage, series } = record;
  if (series) {
    throw new BadInputError(
      `${name} version ${version} forecasts a series of its own: only networks of the grid's demand are exported.`,
      'Name a model that `run` or `train` made.',
    );
  }
  if (lineage.training) return;
  throw new BadInputError(
    `${name} version ${version} has no trained network in it: what it forecasts by is not exported.`,
    'Name a version that has one, or register one: `run` trains it and makes it a member.',
  );
}

/**
 * The file of the weights that answer for issues: those of the forecaster that was fitted with the network, where the
 * network is a member of it; the network's own where there is none.
 */
async function fileForIssues(
  home: Home,
  { forecaster }: ModelVersion,
): Promise<ArtifactReference | 'own' | 'none'> {
  if (!forecaster) return 'own';
  const manifest = await readManifest(home, forecaster, 'forecaster');
  if (!forecasterDetailsOf(manifest).ensemble.members.includes(TRANSFORMER)) return 'none';
  return fileOf(manifest, TRANSFORMER);
}

/** The parameters that a file of weights has as int8, by name. */
function int8In(bytes: Buffer, config: ModelConfig): Map<string, Int8Matrix> {
  const tensors = readSafetensors(bytes, 'The weights');
  return new Map(
    layoutOf(config).parameters.flatMap((parameter) => {
      const matrix = int8Of(tensors, parameter);
      return matrix ? [[parameter.name, matrix] as const] : [];
    }),
  );
}

function fileOf({ key, files }: Manifest, role: string): ArtifactReference {
  const file = files.find((each) => each.role === role);
  if (file) return file;
  throw new CorruptArtifactError(`The manifest ${key} has no ${role}.`, MODEL_FILE_CURE);
}
