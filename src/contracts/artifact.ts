import { z } from 'zod';

/** A path inside the home, with forward slashes; never absolute, never leading out of it. */
export const lakePath = z
  .string()
  .min(1)
  .max(400)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._=/-]*$/, 'must be a path inside the home, such as manifests/grid/x.json')
  .refine((path) => !path.split('/').includes('..'), 'must not lead out of the home');

export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');

/** What goes over Temporal in place of rows or tensors. */
export const artifactReference = z.strictObject({
  uri: lakePath,
  sha256: sha256Hex,
  bytes: z.number().int().nonnegative(),
  rows: z.number().int().nonnegative().optional(),
});
export type ArtifactReference = z.infer<typeof artifactReference>;

export const artifactKind = z.enum([
  'grid',
  'validated',
  'features',
  'sequences',
  'training',
  'forecaster',
  'backtest',
  'comparison',
  'forecast',
  'explanation',
  'predictions',
  'search',
  'series',
  'series-model',
  'series-backtest',
  'drift',
]);
export type ArtifactKind = z.infer<typeof artifactKind>;

/**
 * A dataset is its manifest: which files make it, what they hash to, and what made them.
 * It carries no clock, so that the same inputs give the same bytes on any machine.
 */
export const manifest = z.strictObject({
  formatVersion: z.literal(1),
  kind: artifactKind,
  /** First 16 hexadecimal digits of the hash of what made it (stage, its version, its settings, its inputs). */
  key: z.string().regex(/^[0-9a-f]{16}$/),
  madeBy: z.strictObject({ stage: z.string(), version: z.number().int(), settings: z.json() }),
  inputs: z.array(artifactReference),
  files: z.array(
    artifactReference.extend({
      region: z.string().optional(),
      year: z.number().int().optional(),
      role: z.string().optional(),
    }),
  ),
  rows: z.number().int().nonnegative(),
  /** What the stage wants its readers to know: columns, counts, gaps, normalisers; JSON only. */
  details: z.record(z.string(), z.json()).default({}),
});
export type Manifest = z.infer<typeof manifest>;
