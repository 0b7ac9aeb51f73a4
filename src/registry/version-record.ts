import { z } from 'zod';
import { artifactReference, sha256Hex } from '../contracts/artifact.ts';
import { compressionRecord } from '../contracts/compression.ts';
import { seriesCard } from '../contracts/series.ts';
import { modelName, regionScore } from '../contracts/stages.ts';
import { canonicalJson, sha256 } from '../lake/canonical.ts';

const recordFields = z.strictObject({
  /** 1: without a hash of its own, as versions were written before. */
  formatVersion: z.union([z.literal(1), z.literal(2)]),
  /** SHA-256 of everything else in the record, as canonical JSON. */
  recordSha256: sha256Hex.optional(),
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
    /** What was scored, where the version was fitted again since on all that was known by the end of those hours. */
    refitOf: artifactReference.optional(),
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
  /** There when its network was made smaller: of which version's, and how. */
  compression: compressionRecord.optional(),
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

/** `models/<name>/<version>/version.json`: what a version is, and what it came from. */
export const versionRecord = recordFields.refine(
  ({ formatVersion, recordSha256 }) => (formatVersion === 2) === (recordSha256 !== undefined),
  { error: 'stands in records of format 2, and in no others', path: ['recordSha256'] },
);
export type VersionRecord = z.infer<typeof versionRecord>;

/** A record before it is sealed. */
export type VersionContent = Omit<VersionRecord, 'formatVersion' | 'recordSha256'>;

/** The text of `version.json`, with its hash in it. */
export function sealRecord(content: VersionContent): string {
  const record = { ...content, formatVersion: 2 as const };
  return textOf({ ...record, recordSha256: sha256(canonicalJson(record)) });
}

/**
 * Whether a record is, byte for byte, what was sealed. One of format 1 has nothing to hold it against but the hash in
 * the champion's record.
 */
export function isAsSealed(text: string, json: Record<string, unknown>): boolean {
  const { recordSha256, ...record } = json;
  if (recordSha256 === undefined) return true;
  return sha256(canonicalJson(record)) === recordSha256 && text === textOf(json);
}

const textOf = (record: object) => `${canonicalJson(record)}\n`;
