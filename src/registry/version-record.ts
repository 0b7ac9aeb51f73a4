import { z } from 'zod';
import { artifactReference, sha256Hex } from '../contracts/artifact.ts';
import { seriesCard } from '../contracts/series.ts';
import { modelName, regionScore } from '../contracts/stages.ts';

/** `models/<name>/<version>/version.json`: what a version is, and what it came from. */
export const versionRecord = z.strictObject({
  formatVersion: z.literal(1),
  name: modelName,
  version: z.number().int().positive(),
  createdAt: z.string(),
  /** Hash of the feature catalogue the model's inputs were made by; a person's own series has none. */
  featureCatalogueSha256: sha256Hex.optional(),
  /** Hash of the manifest of what the model was trained on: sequences, or a series. */
  datasetSha256: sha256Hex,
  /** The manifests it came from, from the model back to the grid's record, or to a person's own series. */
  lineage: z.strictObject({
    /** What was fitted with it and answers; versions from before have none. */
    forecaster: artifactReference.optional(),
    /** What was trained; absent where a baseline of a series errs least, and where no network is a member. */
    training: artifactReference.optional(),
    backtest: artifactReference,
    sequences: artifactReference.optional(),
    features: artifactReference.optional(),
    validated: artifactReference.optional(),
    grid: artifactReference.optional(),
    series: artifactReference.optional(),
  }),
  /** There when it forecasts a person's own series: what is forecast from it, and how well. */
  series: seriesCard.optional(),
  /** Hours (of a series: rows) of history that the model was trained to look back on. */
  sequenceLength: z.number().int().positive(),
  metrics: z.array(regionScore),
  /** The network's configuration and how it was trained, from the training manifest. */
  training: z.record(z.string(), z.json()),
  /** Everything in the version's folder but this file; `file` is its name there. */
  files: z.array(
    z.strictObject({
      role: z.string(),
      file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/),
      sha256: sha256Hex,
      bytes: z.number().int().nonnegative(),
    }),
  ),
});
export type VersionRecord = z.infer<typeof versionRecord>;
