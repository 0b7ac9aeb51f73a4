import type { Command } from 'commander';
import { fitForecasterInput, MEMBER_NAMES } from '../../contracts/forecasters.ts';
import { resolveDataset } from '../datasets.ts';
import { defineVerb, integer, list } from '../flags.ts';
import { addFromSearchFlag, resolveSearch } from '../from-search.ts';
import { checkInput } from '../input.ts';
import { perform } from '../session.ts';
import { callStage } from '../stage-call.ts';
import { stageAnswer } from '../stage-view.ts';
import { hasTrainingSequences } from './train.ts';

interface Options {
  sequences?: string;
  training?: string;
  members?: string[];
  through?: string;
  validationDays?: number;
  trainDays?: number;
  seed?: number;
  fromSearch?: string | true;
}

export function defineFit(program: Command): void {
  const verb = defineVerb(
    program,
    'fit',
    'Fit forecasters on issue tables, weigh them into an ensemble, and calibrate its intervals.',
    ['fit', 'fit --members ridge,trees --through 2018-12-31', 'fit --from-search'],
  );
  verb
    .option('--sequences <uri>', 'a sequences manifest of the home (default: the newest to train on)')
    .option('--training <uri>', 'a training manifest of these sequences: its network becomes a member')
    .option(
      '--members <names>',
      `comma-separated: ${MEMBER_NAMES.join(', ')} (default: climatology, ridge, ridge-own and trees, and transformer with --training)`,
      list,
    )
    .option('--through <date>', 'the last day learnt from (default: the end of the training period)')
    .option('--validation-days <days>', 'last days that members are weighed on (default: 365)', integer)
    .option('--train-days <days>', 'learn from the last so many days (default: all)', integer)
    .option('--seed <number>', 'default: 1', integer);
  addFromSearchFlag(verb).action(
    perform<Options>(async (session, { sequences, training, ...flags }) => {
      const { members, through, validationDays, trainDays, seed, fromSearch } = flags;
      const home = await session.home();
      const given = {
        ...{ members, through, validationDays, trainDays, seed },
        sequences: await resolveDataset(home, 'sequences', sequences, hasTrainingSequences),
        ...(fromSearch !== undefined && { search: await resolveSearch(home, fromSearch) }),
        ...(training && { training: await resolveDataset(home, 'training', training) }),
      };
      const input = checkInput(fitForecasterInput, given);
      return stageAnswer(await callStage(session, 'fitForecaster', input));
    }),
  );
}
