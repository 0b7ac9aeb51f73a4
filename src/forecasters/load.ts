import { z } from 'zod';
import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import { searchSummary } from '../contracts/search.ts';
import { issueDetails, type IssueDetails } from '../day-ahead/read.ts';
import { CorruptArtifactError, describeIssues } from '../errors.ts';
import { readArtifact, readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { ensembleDetails } from './ensemble/details.ts';
import { FittedEnsemble } from './ensemble/fitted-ensemble.ts';
import type { Forecaster } from './forecaster.ts';
import { memberNamed } from './members.ts';

/** What a forecaster manifest says of itself. */
export const forecasterDetails = z.looseObject({
  ensemble: ensembleDetails,
  /** Of the tables it takes. */
  issues: issueDetails,
  search: searchSummary.optional(),
});
export type ForecasterDetails = z.infer<typeof forecasterDetails>;

export function forecasterDetailsOf({ key, details }: Manifest): ForecasterDetails {
  const parsed = forecasterDetails.safeParse(details);
  if (parsed.success) return parsed.data;
  throw new CorruptArtifactError(
    `The forecaster manifest ${key} lacks what a forecast needs (${describeIssues(parsed.error.issues)}).`,
    'Fit the forecaster again.',
  );
}

export interface LoadedForecaster {
  fitted: FittedEnsemble;
  issues: IssueDetails;
  manifest: Manifest;
}

/**
 * The forecaster of a manifest, every file checked against its hash. `given` are members that cannot be read from
 * their own file alone, such as a transformer whose weights lie in a training; `as` may stand in for any other.
 */
export async function loadForecaster(
  home: Home,
  reference: ArtifactReference,
  given: readonly Forecaster[] = [],
  as = (member: Forecaster): Forecaster => member,
): Promise<LoadedForecaster> {
  const manifest = await readManifest(home, reference, 'forecaster');
  const { ensemble: details, issues } = forecasterDetailsOf(manifest);
  const files = new Map<string, Uint8Array>();
  for (const file of manifest.files) {
    if (file.role !== undefined) files.set(file.role, await readArtifact(home, file));
  }
  const architectures = details.members.map(
    (name) => given.find((member) => member.name === name) ?? as(memberNamed(name)),
  );
  return { fitted: FittedEnsemble.of(files, architectures), issues, manifest };
}
