import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { searchInput, searchSpace, type SearchResult, type SearchStatus } from '../../contracts/search.ts';
import { BadInputError } from '../../errors.ts';
import type { StageProgress } from '../../stages/context.ts';
import { resolveDataset } from '../datasets.ts';
import { defineVerb, integer, decimal } from '../flags.ts';
import { follow } from '../follow.ts';
import { checkFile, checkInput, parseRange } from '../input.ts';
import { crossRegionTable, ensembleLines, leaderboardTable, trialLine } from '../search-view.ts';
import { perform } from '../session.ts';
import { withTemporal } from '../temporal-session.ts';
import { hasTrainingSequences } from './train.ts';

interface Options {
  name?: string;
  sequences?: string;
  validation?: string;
  space?: string;
  preset?: string;
  ringSize?: number;
  maxSteps?: number;
  minSteps?: number;
  trials?: number;
  eta?: number;
  budgetMinutes?: number;
  concurrency?: number;
  crossRegion?: boolean;
  ensembleTop?: number;
  seed?: number;
}

export function defineSearch(program: Command): void {
  defineVerb(
    program,
    'search',
    'Try configurations of ridge, trees and transformer by successive halving; what is there is not done again.',
    ['search --trials 9 --budget-minutes 15', 'search --space my-space.json --cross-region'],
  )
    .option('--name <name>', 'names the search; one that runs already is followed (default: day-ahead)')
    .option('--sequences <uri>', 'a sequences manifest of the home (default: the newest to train on)')
    .option('--validation <from..to>', 'the hours to score on (default: the last year of training)')
    .option('--space <file>', 'a JSON file of what to draw from, as docs/search.md shows')
    .option('--preset <name>', 'quick or default: what transformers have in common (default: quick)')
    .option('--ring-size <slots>', 'slots that share a transformer’s sequences (default: 1)', integer)
    .option('--max-steps <count>', 'steps of a whole training (default: by preset)', integer)
    .option('--min-steps <count>', 'steps of the first rung at least (default: 40)', integer)
    .option('--trials <count>', 'configurations that begin, 1 to 243 (default: 9)', integer)
    .option('--eta <count>', 'one in so many goes on to the next rung (default: 3)', integer)
    .option('--budget-minutes <minutes>', 'nothing is tried after them (default: 30)', decimal)
    .option('--concurrency <count>', 'trials at a time (default: 2)', integer)
    .option('--cross-region', 'score each region by models that were fitted on the others alone')
    .option('--ensemble-top <count>', 'trials that the ensemble is made of (default: 3)', integer)
    .option('--seed <number>', 'decides what is drawn (default: 1)', integer)
    .action(
      perform<Options>(async (session, options) => {
        const { sequences, validation, space, preset, ringSize, name, ...rest } = options;
        const { maxSteps, minSteps, trials, eta, budgetMinutes, concurrency } = rest;
        const { crossRegion, ensembleTop, seed } = rest;
        const home = await session.home();
        const input = checkInput(searchInput, {
          name,
          ...{ maxSteps, minSteps, trials, eta, budgetMinutes, concurrency, crossRegion, ensembleTop, seed },
          // What the workflow would find by itself is named, so that another search does not join this one by chance.
          sequences: await resolveDataset(home, 'sequences', sequences, hasTrainingSequences),
          validation: parseRange(validation, '--validation'),
          space: space === undefined ? undefined : await readSpace(space),
          training: { ringSize: ringSize ?? 1, ...(preset === undefined ? {} : { preset }) },
        });
        const { planSearch } = await import('../../search/plan-stage.ts');
        await planSearch(await session.stageContext(), input);
        const transforms = input.space.some(({ forecaster }) => forecaster === 'transformer');
        const slots = transforms ? input.training.ringSize : 0;
        return withTemporal(session, { purpose: 'search', slots }, async ({ client }) => {
          const { startSearch } = await import('../../temporal/runs.ts');
          const { leaderboardQuery } = await import('../../temporal/messages.ts');
          const run = await startSearch(client, input);
          if (run.attached) session.say(`${run.workflowId} runs already: following it`);
          const result = await follow(session, run.result, async () => {
            const status = await run.handle.query(leaderboardQuery);
            session.progress.show(searchProgress(status), status.leaderboard.map(trialLine));
          });
          return { json: result, text: searchText(result) };
        });
      }),
    );
}

async function readSpace(path: string) {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new BadInputError(`${path} cannot be read: ${error.message}.`, 'Name a JSON file.');
  });
  try {
    return checkFile(searchSpace, JSON.parse(text) as unknown, path);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new BadInputError(`${path} is not JSON: ${error.message}.`, 'See docs/search.md.');
  }
}

function searchProgress(status: SearchStatus): StageProgress {
  const { state, rung, rungs, running, done, planned, minutesUsed, budgetMinutes, leaderboard } = status;
  const best = leaderboard[0]?.mape;
  const note = [
    `${state}, rung ${rung} of ${rungs}`,
    `${minutesUsed.toFixed(1)} of ${budgetMinutes} min`,
    ...(running.length > 0 ? [running.join(', ')] : []),
    ...(best === null || best === undefined ? [] : [`best ${best.toFixed(2)} %`]),
  ];
  return { stage: 'search', done, total: planned, unit: 'runs', note: note.join(', ') };
}

function searchText({
  ending,
  leaderboard,
  ensemble,
  crossRegion,
  dataset,
  validation,
}: SearchResult): string[] {
  return [
    `Ended: ${ending}. MAPE on ${validation.from} to ${validation.to}, the mean over regions.`,
    '',
    leaderboardTable(leaderboard),
    ...(ensemble ? ['', ...ensembleLines(ensemble)] : []),
    ...(crossRegion.length > 0 ? ['', crossRegionTable(crossRegion)] : []),
    '',
    `dataset  ${dataset.uri}`,
    `use it   fit --from-search ${dataset.uri}, or run --from-search ${dataset.uri}`,
  ];
}
