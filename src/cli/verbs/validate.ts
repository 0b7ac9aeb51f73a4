import type { Command } from 'commander';
import { validationInput } from '../../contracts/stages.ts';
import { resolveDataset } from '../datasets.ts';
import { defineVerb, regionList } from '../flags.ts';
import { checkInput, checkRegions, parseRange } from '../input.ts';
import { perform } from '../session.ts';
import { callStage } from '../stage-call.ts';
import { stageAnswer } from '../stage-view.ts';

export function defineValidate(program: Command): void {
  defineVerb(
    program,
    'validate',
    'Judge every hour of a grid dataset; impute where that is allowed, quarantine what is bad.',
    ['validate --regions PACW,ERCO'],
  )
    .option('--dataset <uri>', 'a grid manifest of the home (default: the newest)')
    .option('--regions <codes>', 'comma-separated (default: all distinct ones)', regionList)
    .option('--period <from..to>', 'dates such as 2016..2018 (default: all the dataset has)')
    .action(
      perform<{ dataset?: string; regions?: string[]; period?: string }>(async (session, options) => {
        const choice = {
          regions: checkRegions(options.regions),
          period: parseRange(options.period, '--period'),
        };
        const dataset = await resolveDataset(await session.home(), 'grid', options.dataset);
        const input = checkInput(validationInput, { dataset, ...choice });
        return stageAnswer(await callStage(session, 'validate', input));
      }),
    );
}
