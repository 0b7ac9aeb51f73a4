import type { Command } from 'commander';
import { backtestInput } from '../../contracts/stages.ts';
import { readManifest } from '../../lake/artifacts.ts';
import { resolveDataset } from '../datasets.ts';
import { BadInputError } from '../../errors.ts';
import { defineVerb, integer, list, regionList } from '../flags.ts';
import { checkInput, parseRange } from '../input.ts';
import { rollingInputOf, runRolling, type RollingFlags, type RollingOptions } from '../rolling-backtest.ts';
import { scoreTable } from '../score-table.ts';
import { perform } from '../session.ts';
import { callStage } from '../stage-call.ts';
import { spellFlag } from '../flag-names.ts';

interface Options extends RollingOptions {
  rolling?: boolean;
  model?: string;
  issueHour?: number;
}

/** Flags that mean nothing where one model is scored. */
const ONLY_ROLLING: (keyof RollingFlags)[] = [
  ...(['name', 'refitDays', 'window', 'seeds', 'forecasters', 'fitted'] as const),
  ...(['candidate', 'regions', 'atOnce'] as const),
];

/** What `train --csv` trained is scored on its own series. */
const isOfTheGrid = ({ purpose }: { purpose?: unknown }) => purpose === undefined;

export function defineBacktest(program: Command): void {
  defineVerb(
    program,
    'backtest',
    'Score a trained model by the day-ahead protocol, beside the baselines on the same hours.',
    [
      'backtest --score 2018',
      'backtest --rolling --refit-days 30 --window 365 --seeds 1..5 --forecasters ridge,trees,ensemble',
    ],
  )
    .option('--model <uri>', 'a training manifest of the home (default: the newest); not with --rolling')
    .option(
      '--sequences <uri>',
      'the sequences it was trained on (default: the ones its manifest names; with --rolling the newest)',
    )
    .option('--score <from..to>', 'the hours to score (default: 2018)')
    .option(
      '--issue-hour <hour>',
      'local standard time of the day before (default: 10); with --rolling the sequences say it',
      integer,
    )
    .option(
      '--rolling',
      'roll the origin: fit forecasters anew on the way, score and test them, write a report',
    )
    .option(
      '--name <name>',
      'names the rolling backtest; one that runs already is followed (default: rolling)',
    )
    .option('--forecasters <names>', 'default: climatology,ridge,trees,ensemble', list)
    .option('--fitted <uri>', 'a forecaster manifest: what it is made of, fitted anew, as `fitted`')
    .option('--candidate <name>', 'the forecaster that tests and intervals are about (default: the last)')
    .option('--refit-days <days>', 'from one fit to the next, 0: one fit (default: 30)', integer)
    .option('--window <window>', 'expanding, or the days that each fit learns from (default: expanding)')
    .option('--seeds <seeds>', 'such as 1..5 or 1,3; each fits and scores everything (default: 1)')
    .option('--regions <codes>', 'such as PACW,ERCO (default: all of the sequences)', regionList)
    .option('--at-once <count>', 'fits that compute side by side (default: 2)', integer)
    .action(
      perform<Options>(async (session, { rolling, model, issueHour, ...options }) => {
        const { sequences, score } = options;
        if (rolling) {
          refuse({ model, issueHour }, 'does not go with --rolling', 'Leave it out.');
          return runRolling(session, await rollingInputOf(await session.home(), options));
        }
        const meantToRoll = Object.fromEntries(ONLY_ROLLING.map((name) => [name, options[name]]));
        refuse(meantToRoll, 'is for rolling backtests', 'Add --rolling.');
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

function refuse(flags: object, why: string, cure: string): void {
  const given = Object.entries(flags).find(([, value]) => value !== undefined);
  if (given) throw new BadInputError(`${spellFlag(given[0])} ${why}.`, cure);
}
