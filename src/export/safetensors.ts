import { canonicalJson } from '../lake/canonical.ts';
import { encodeSafetensors } from '../lake/safetensors.ts';
import { layoutOf } from '../model/parameters.ts';
import { namedTensors } from '../model/weights.ts';
import type { Description } from './description.ts';
import type { RegisteredNetwork } from './network.ts';

/** Every weight by its name; in the file's metadata, as JSON, all that is needed to compute with them. */
export function encodeWeights(network: RegisteredNetwork, description: Description): Uint8Array {
  const { config, weights, normaliser } = network;
  return encodeSafetensors(namedTensors(weights, layoutOf(config)), {
    format: description.format,
    description: canonicalJson(description),
    config: canonicalJson(config),
    normaliser: canonicalJson(normaliser),
  });
}
