import type { Command } from 'commander';
import { LONGEST_SEQUENCE_HOURS } from '../../contracts/sequence-length.ts';
import { defineVerb, integer, list, regionList } from '../flags.ts';
import { perform } from '../session.ts';
import { addFromSearchFlag } from '../from-search.ts';
import { addInputFlags } from '../input-flags.ts';
import { addTrainingFlags } from '../training-flags.ts';
import type { PipelineFlags } from '../pipeline.ts';

export function defineRun(program: Command): void {
  const verb = defineVerb(
    program,
    'run',
    'The whole job: ingest, validate, features, sequences, train, fit, backtest, register, promote, report.',
    ['run --regions PACW,ERCO --budget-minutes 1', 'run --model week-long --preset default --ring-size 4'],
  );
  addPipelineFlags(verb).action(
    perform<PipelineFlags>(async (session, flags) => {
      const { pipelineAnswer, pipelineInputFor, runPipeline } = await import('../pipeline.ts');
      const { withTemporal } = await import('../temporal-session.ts');
      const home = await session.home();
      const input = await pipelineInputFor(home, flags);
      return withTemporal(session, { purpose: 'run', slots: input.training.ringSize }, async (place) => {
        const outcome = await runPipeline(session, place, input);
        return pipelineAnswer(outcome, {
          homeRoot: home.root,
          uiUrl: place.uiUrl,
          uiStays: !place.temporary,
        });
      });
    }),
  );
}

export function addPipelineFlags(command: Command): Command {
  return addTrainingFlags(
    addFromSearchFlag(addInputFlags(command))
      .option('--model <name>', 'the name under which the result is registered (default: day-ahead)')
      .option('--regions <codes>', 'comma-separated (default: all distinct ones)', regionList)
      .option('--from <date>', 'first hours to ingest (default: all that the source has)')
      .option('--to <date>', 'last hours to ingest')
      .option('--train <from..to>', 'the hours to train on (default: 2015-07..2017)')
      .option('--score <from..to>', 'the hours to score (default: 2018)')
      .option('--rolling', 'score the last days of the record and train on those before, not on fixed years')
      .option('--score-days <days>', 'rolling: how many are scored (default: 365)', integer)
      .option('--train-days <days>', 'rolling: how many before them are trained on (default: 913)', integer)
      .option(
        '--sequence-length <hours>',
        `hours in a sequence, up to ${LONGEST_SEQUENCE_HOURS} (default: by preset)`,
        integer,
      )
      .option(
        '--members <names>',
        'forecasters of the ensemble (default: climatology,ridge,ridge-own,trees,transformer)',
        list,
      )
      .option('--validation-days <days>', 'last days that they are weighed on (default: 365)', integer)
      .option('--promote <when>', 'if-better (default), always or never'),
  );
}
