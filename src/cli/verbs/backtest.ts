import type { Command } from 'commander';
import { backtestInput } from '../../contracts/stages.ts';
import { readManifest } from '../../lake/artifacts.ts';
import { resolveDataset } from '../datasets.ts';
import { defineVerb, integer } from '../flags.ts';
import { checkInput, parseRange } from '../input.ts';
import { scoreTable } from '../score-table.ts';
import { perform } from '../session.ts';
import { callStage } from '../stage-call.ts';

interface Options {
  model?: string;
  sequences?: string;
  score?: string;
  issueHour?: number;
}

/** What `train --csv` trained is scored on its own series. */
const isOfTheGrid = ({ purpose }: { purpose?: unknown }) => purpose === undefined;

export function defineBacktest(program: Command): void {
  defineVerb(
    program,
    'backtest',
    'Score a trained model by the day-ahead protocol, beside the baselines on the same hours.',
    ['backtest --score 2018'],
  )
    .option('--model <uri>', 'a training manifest of the home (default: the newest)')
    .option('--sequences <uri>', 'the sequences it was trained on (default: the ones its manifest names)')
    .option('--score <from..to>', 'the hours to score (default: 2018)')
    .option('--issue-hour <hour>', 'local standard time of the day before (default: 10)', integer)
    .action(
      perform<Options>(async (session, { model, sequences, score, issueHour }) => {
        const home = await session.home();
        const training = await resolveDataset(home, 'training', model, isOfTheGrid);
        const { inputs } = await readManifest(home, training, 'training');
        const input = checkInput(backtestInput, {
          model: training,
          sequences: await resolveDataset(home, 'sequences', sequences ?? inputs[0]?.uri),
          score: parseRange(score, '--score'),
          issueHourLocal: issueHour,
        });
        const result = await callStage(session, 'backtest', input);
        return { json: result, text: [scoreTable(result.scores), '', `dataset  ${result.dataset.uri}`] };
      }),
    );
}
