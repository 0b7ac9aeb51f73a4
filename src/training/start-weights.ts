import type { ArtifactReference } from '../contracts/artifact.ts';
import { BadInputError } from '../errors.ts';
import { readArtifact } from '../lake/artifacts.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { readSafetensors, readSafetensorsMetadata } from '../lake/safetensors.ts';
import type { ModelConfig } from '../model/config.ts';
import { layoutOf } from '../model/parameters.ts';
import { flatWeights } from '../model/weights.ts';

/**
 * Weights that a training wrote, for another one to go on from. Refused where they are of another model in anything:
 * as many numbers under other names would train to something, and nobody would see it.
 */
export async function readStart(
  home: Home,
  reference: ArtifactReference,
  config: ModelConfig,
): Promise<Float32Array> {
  const path = home.pathOf(reference);
  const bytes = await readArtifact(home, reference);
  const { model } = readSafetensorsMetadata(bytes, path);
  if (model === undefined || canonicalJson(JSON.parse(model)) !== canonicalJson(config)) {
    throw new BadInputError(
      `${reference.uri} holds the weights of another model than these settings and sequences ask for.`,
      'Go on with the settings and regions that it was trained with, or begin afresh.',
    );
  }
  return flatWeights(readSafetensors(bytes, path), layoutOf(config), path);
}
