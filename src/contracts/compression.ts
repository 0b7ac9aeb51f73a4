import { z } from 'zod';
import { sha256Hex } from './artifact.ts';
import { modelName } from './stages.ts';

const count = z.number().int().positive();

export const quantiseSettings = z.strictObject({ method: z.literal('quantise') });

export const pruneSettings = z.strictObject({
  method: z.literal('prune'),
  sparsity: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe('Share of each matrix whose smallest weights become 0'),
  steps: z
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(0)
    .describe('Of training what is left to answer as before; 0: the weights that stay are left as they are'),
  seed: z.number().int().nonnegative().default(1),
});

export const distilSettings = z.strictObject({
  method: z.literal('distil'),
  layers: count.max(24).optional().describe('Default: half as many, rounded up, where no width is given'),
  width: count.max(1024).optional().describe('A multiple of the width of a head; default: as wide'),
  steps: count.max(1_000_000).default(400).describe('Of training it on the answers of the network'),
  seed: z.number().int().nonnegative().default(1),
});

export const compressionSettings = z.discriminatedUnion('method', [
  quantiseSettings,
  pruneSettings,
  distilSettings,
]);
export type CompressionSettings = z.infer<typeof compressionSettings>;
export type PruneSettings = z.infer<typeof pruneSettings>;
export type DistilSettings = z.infer<typeof distilSettings>;

/** What a compressed version was made of, and how; stands in its record, and in the manifests behind it. */
export const compressionRecord = z.strictObject({
  parent: z.strictObject({ name: modelName, version: count, sha256: sha256Hex }),
  settings: compressionSettings,
});
export type CompressionRecord = z.infer<typeof compressionRecord>;
