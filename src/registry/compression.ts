import type { Manifest } from '../contracts/artifact.ts';
import { compressionRecord, type CompressionRecord } from '../contracts/compression.ts';
import { CorruptArtifactError, describeIssues } from '../errors.ts';

/** What the manifest of a compressed model says of where it comes from; undefined of any other. */
export function compressionOf({ key, details }: Manifest): CompressionRecord | undefined {
  const said = details['compression'];
  if (said === undefined) return undefined;
  const parsed = compressionRecord.safeParse(said);
  if (parsed.success) return parsed.data;
  throw new CorruptArtifactError(
    `The manifest ${key} does not say what it was compressed from (${describeIssues(parsed.error.issues)}).`,
    'Compress that version again.',
  );
}
