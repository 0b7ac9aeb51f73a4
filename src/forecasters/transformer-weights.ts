import { z } from 'zod';
import { CorruptArtifactError } from '../errors.ts';
import { readState } from './state-bytes.ts';

export const TRANSFORMER = 'transformer';

/** The weights of the whole network from the file of a fitted transformer. */
export function transformerWeights(bytes: Uint8Array, expected: number): Float32Array {
  const facts = z.strictObject({ weights: z.number().int() });
  const { arrays } = readState(bytes, TRANSFORMER, facts, ({ weights }) => ({ weights }));
  const weights = arrays['weights'];
  if (weights instanceof Float32Array && weights.length === expected) return weights;
  throw new CorruptArtifactError(
    `The transformer has ${weights?.length ?? 'no'} weights, its network ${expected}.`,
    'Load it with the training that it was fitted from.',
  );
}
