import { z } from 'zod';
import { CorruptArtifactError } from '../errors.ts';
import { readSafetensors } from '../lake/safetensors.ts';
import type { ParameterLayout } from '../model/parameters.ts';
import { flatWeights } from '../model/weights.ts';
import { readState } from './state-bytes.ts';

export const TRANSFORMER = 'transformer';

/**
 * The weights of the whole network from the file of a fitted transformer: one flat array as a fit writes them, or, of a
 * compressed version, parameter by parameter.
 */
export function transformerWeights(bytes: Uint8Array, layout: ParameterLayout): Float32Array {
  const tensors = readSafetensors(bytes, TRANSFORMER);
  if (!tensors.has('weights')) return flatWeights(tensors, layout, 'The transformer');
  const facts = z.strictObject({ weights: z.number().int() });
  const { arrays } = readState(bytes, TRANSFORMER, facts, ({ weights }) => ({ weights }));
  const weights = arrays['weights'];
  if (weights instanceof Float32Array && weights.length === layout.size) return weights;
  throw new CorruptArtifactError(
    `The transformer has ${weights?.length ?? 'no'} weights, its network ${layout.size}.`,
    'Load it with the training that it was fitted from.',
  );
}
