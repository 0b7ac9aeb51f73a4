import type { FinishSearchInput, LeaderboardLine, SearchResult, TrialRun } from '../contracts/search.ts';
import { leaderboardOf } from '../contracts/search-ranking.ts';
import { BadInputError, CorruptArtifactError } from '../errors.ts';
import { onceByKey, readManifest, verifiedPath, writeContent } from '../lake/artifacts.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { StageContext } from '../stages/context.ts';
import { weighMembers, type EnsembleMember } from './ensemble.ts';
import { readTrialHours } from './trial-hours.ts';

/** Raised when the same trials would give another leaderboard or ensemble. */
const STAGE_VERSION = 1;

/**
 * Writes the leaderboard of a search (a search manifest, its document the file of role `leaderboard`) and the ensemble
 * of its best, weighed on the validation hours alone.
 */
export async function finishSearch(context: StageContext, input: FinishSearchInput): Promise<SearchResult> {
  const { home } = context;
  const { runs, plan, crossRegion, ending } = input;
  const leaderboard = leaderboardOf(runs);
  const best = leaderboard.find(({ mape }) => mape !== null);
  if (!best) throw noScore(input);
  const top = leaderboard.filter(({ mape }) => mape !== null).slice(0, input.ensembleTop);
  const datasets = top.map((line) => scoredRun(runs, line).score!.dataset);
  const work = {
    kind: 'search' as const,
    stage: 'finishSearch',
    version: STAGE_VERSION,
    // How long trials took decides nothing: the same search has the same manifest on any machine.
    settings: {
      name: input.name,
      plan,
      ending,
      crossRegion,
      leaderboard: leaderboard.map(withoutTime),
      top: top.length,
    },
    inputs: [plan.sequences, ...datasets],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    const members: EnsembleMember[] = [];
    for (const [i, { id }] of top.entries()) {
      const file = (await readManifest(home, datasets[i]!, 'search')).files.find(
        ({ role }) => role === 'hours',
      );
      if (!file) throw new CorruptArtifactError(`${datasets[i]!.uri} has no hours.`, 'Search again.');
      members.push({ id, tables: await readTrialHours(await verifiedPath(home, file)) });
    }
    const ensemble = weighMembers(members) ?? null;
    const document = { ...work.settings, ensemble };
    const file = await writeContent(home, `searches/${key}`, 'json', `${canonicalJson(document)}\n`);
    return {
      files: [{ ...file, role: 'leaderboard' }],
      rows: leaderboard.length,
      details: { name: input.name, ensemble: plain(ensemble), best: plain(withoutTime(best)) },
    };
  });
  return {
    dataset: reference,
    reused,
    ending,
    validation: plan.validation,
    best,
    leaderboard,
    ensemble: (manifest.details['ensemble'] ?? null) as SearchResult['ensemble'],
    crossRegion,
  };
}

const scoredRun = (runs: readonly TrialRun[], { id, rung }: LeaderboardLine) =>
  runs.find((run) => run.trial.id === id && run.rung === rung)!;

function withoutTime(line: LeaderboardLine): Omit<LeaderboardLine, 'seconds'> {
  const { seconds: _, ...rest } = line;
  return rest;
}

const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as ReturnType<typeof JSON.parse>;

function noScore({ runs, ending }: FinishSearchInput): BadInputError {
  const failed = runs.find(({ state }) => state === 'failed');
  return new BadInputError(
    failed
      ? `No trial came to a score; the first that failed (${failed.trial.id}): ${failed.reason}`
      : `No trial came to a score before ${ending === 'stopped' ? 'it was stopped' : 'the time was spent'}.`,
    failed ? 'Mend what it names, or search another space.' : 'Give it more minutes, or fewer steps.',
  );
}
