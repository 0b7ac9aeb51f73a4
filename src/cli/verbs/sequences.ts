import type { Command } from 'commander';
import { LONGEST_SEQUENCE_HOURS, PRESET_SEQUENCE_HOURS } from '../../contracts/sequence-length.ts';
import { sequencesInput } from '../../contracts/stages.ts';
import { resolveDataset } from '../datasets.ts';
import { defineVerb, integer, regionList } from '../flags.ts';
import { addInputFlags, inputsOf, type InputFlags } from '../input-flags.ts';
import { checkInput, checkRegions, parseRange } from '../input.ts';
import { perform } from '../session.ts';
import { callStage } from '../stage-call.ts';
import { stageAnswer } from '../stage-view.ts';

interface Options extends InputFlags {
  dataset?: string;
  regions?: string[];
  train?: string;
  score?: string;
  sequenceLength?: number;
  stride?: number;
  horizon?: number;
  issueHour?: number;
}

export function defineSequences(program: Command): void {
  const verb = defineVerb(program, 'sequences', 'Normalise features and cut them into training sequences.', [
    'sequences --sequence-length 8760 --stride 168',
    'sequences --train 2015-07..2022-07 --score 2023..2023 --sequence-length 61344',
  ])
    .option('--dataset <uri>', 'a features manifest of the home (default: the newest)')
    .option('--regions <codes>', 'comma-separated (default: all distinct ones)', regionList)
    .option(
      '--train <from..to>',
      'the hours to train on; normalisation is fitted on them alone (default: 2015-07..2017)',
    )
    .option('--score <from..to>', 'the hours kept for scoring (default: 2018)')
    .option(
      '--sequence-length <hours>',
      `hours in a sequence, up to ${LONGEST_SEQUENCE_HOURS} (default: ${PRESET_SEQUENCE_HOURS.quick})`,
      integer,
    )
    .option('--stride <hours>', 'hours between the starts of two sequences (default: 168)', integer)
    .option('--horizon <hours>', 'hours ahead predicted at every hour (default: 48)', integer)
    .option(
      '--issue-hour <hour>',
      'local standard time of the day before at which day-ahead forecasts are issued (default: 10)',
      integer,
    );
  addInputFlags(verb).action(
    perform<Options>(async (session, { dataset, regions, train, score, ...flags }) => {
      const { sequenceLength, stride, horizon, issueHour } = flags;
      const choice = {
        regions: checkRegions(regions),
        train: parseRange(train, '--train'),
        score: parseRange(score, '--score'),
        ...{ sequenceLength, stride, horizon, issueHourLocal: issueHour },
        inputs: inputsOf(flags),
      };
      const reference = await resolveDataset(await session.home(), 'features', dataset);
      const input = checkInput(sequencesInput, { dataset: reference, ...choice });
      return stageAnswer(await callStage(session, 'cutSequences', input));
    }),
  );
}
