import type { ArtifactReference } from '../contracts/artifact.ts';
import {
  searchDocument,
  type SearchDocument,
  type SearchedForecaster,
  type SearchSummary,
  type TrialSettings,
} from '../contracts/search.ts';
import { DEMAND_DELAY_HOURS } from '../backtest/protocol.ts';
import { HOUR_SECONDS, lastHourOf, type DateRange } from '../contracts/time.ts';
import { BadInputError, CorruptArtifactError, describeIssues } from '../errors.ts';
import { readArtifact, readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';

export interface FoundTrial {
  id: string;
  settings: TrialSettings;
}

/** What a search found, for a fit to go on from. */
export interface Found {
  name: string;
  validation: DateRange;
  /** Seconds: its choice knows outcomes up to here. */
  knows: number;
  /** The best trial of each family that came to a score. */
  best: Partial<Record<SearchedForecaster, FoundTrial>>;
  /** The other trials of its ensemble that are fitted in one go, by what they are called as members. */
  further: (FoundTrial & { member: string })[];
  plan: SearchDocument['plan'];
}

/** Reads the result of a search; refuses a manifest that is the score of one trial. */
export async function readFound(home: Home, reference: ArtifactReference): Promise<Found> {
  const { files } = await readManifest(home, reference, 'search');
  const file = files.find(({ role }) => role === 'leaderboard');
  if (!file) {
    throw new BadInputError(
      `${reference.uri} is one trial of a search, not its result.`,
      'Give the dataset that `search` names in the end.',
    );
  }
  const parsed = searchDocument.safeParse(JSON.parse((await readArtifact(home, file)).toString('utf8')));
  if (parsed.success) return foundIn(parsed.data);
  throw new CorruptArtifactError(
    `${file.uri} is no leaderboard (${describeIssues(parsed.error.issues)}).`,
    'Search again: what is scored is not scored twice.',
  );
}

export function foundIn({ name, plan, leaderboard, ensemble }: SearchDocument): Found {
  const scored = leaderboard.filter(({ mape }) => mape !== null);
  const best: Found['best'] = {};
  for (const { id, forecaster, settings } of scored) best[forecaster] ??= { id, settings };
  const leaders = Object.values(best).map(({ id }) => id);
  const further = scored.filter(
    ({ id, forecaster }) =>
      ensemble?.members.includes(id) && !leaders.includes(id) && forecaster !== 'transformer',
  );
  return {
    name,
    validation: plan.validation,
    knows: lastHourOf(plan.validation.to) + DEMAND_DELAY_HOURS * HOUR_SECONDS,
    best,
    further: further.map(({ id, forecaster, settings }) => ({ id, settings, member: `${forecaster}-${id}` })),
    plan,
  };
}

/** What a fit of these members says of the search: which trial each of them is. */
export function summaryOf(
  { name, validation, best, further }: Found,
  { uri }: ArtifactReference,
  members: readonly string[],
): SearchSummary {
  const trials: Record<string, FoundTrial | undefined> = {
    ...best,
    ...Object.fromEntries(further.map((trial) => [trial.member, trial])),
  };
  const taken = members.flatMap((member) => {
    const trial = member === 'transformer' ? undefined : trials[member];
    return trial ? [[member, { trial: trial.id, settings: trial.settings }] as const] : [];
  });
  return { name, manifest: uri, validation, members: Object.fromEntries(taken) };
}
