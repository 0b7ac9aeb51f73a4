import type { Command } from 'commander';
import { featuresInput } from '../../contracts/stages.ts';
import { BadInputError } from '../../errors.ts';
import { resolveDataset } from '../datasets.ts';
import { defineVerb } from '../flags.ts';
import { checkInput } from '../input.ts';
import { perform, type Answer } from '../session.ts';
import { callStage } from '../stage-call.ts';
import { stageAnswer } from '../stage-view.ts';
import { pairs } from '../table.ts';

interface Options {
  dataset?: string;
  dtype?: string;
  input?: string;
  output?: string;
  weather?: string;
}

export function defineFeatures(program: Command): void {
  defineVerb(
    program,
    'features',
    'Make the feature table: 153 columns from six, of a validated dataset or of any file.',
    ['features --weather shipped', 'features --input hours.csv --output features.parquet'],
  )
    .option('--dataset <uri>', 'a validated manifest of the home (default: the newest)')
    .option('--dtype <type>', 'float32 (default) or float64')
    .option(
      '--input <file>',
      'a .csv, .csv.gz or .parquet with timestamp, region, demand_mw, generation_mw, solar_mw, wind_mw',
    )
    .option('--output <file>', 'where its feature table goes; ends in .parquet')
    .option(
      '--weather <where>',
      'add columns of weather forecast runs: `shipped` (CISO and ERCO), or with --input a folder of such files',
    )
    .action(
      perform<Options>(async (session, { dataset, dtype, input, output, weather }) => {
        if (input !== undefined || output !== undefined) {
          if (dataset !== undefined) {
            throw new BadInputError('--dataset and --input exclude each other.', 'Give one of them.');
          }
          return fromFile({ input, output, dtype, weather });
        }
        const checked = checkInput(featuresInput, {
          dataset: await resolveDataset(await session.home(), 'validated', dataset),
          dtype,
          weather,
        });
        return stageAnswer(await callStage(session, 'engineerFeatures', checked));
      }),
    );
}

async function fromFile({ input, output, dtype, weather }: Options): Promise<Answer> {
  if (input === undefined || output === undefined) {
    throw new BadInputError('--input and --output belong together.', 'Give both, or neither.');
  }
  const options = checkInput(featuresInput.pick({ dtype: true }), { dtype });
  const { featuresFile } = await import('../../features/features-file.ts');
  const { SHIPPED_WEATHER } = await import('../../features/weather-folder.ts');
  const folder = weather === 'shipped' ? SHIPPED_WEATHER : weather;
  const result = await featuresFile(input, output, { ...options, weather: folder });
  const facts = {
    output,
    rows: result.rows,
    columns: `${result.columnsIn} in, ${result.columnsOut} out`,
    regions: result.regions.join(', '),
    ...(result.regionsInUtc.length > 0 ? { 'calendar in UTC': result.regionsInUtc.join(', ') } : {}),
    ...(result.ignored.length > 0 ? { 'columns not used': result.ignored.join(', ') } : {}),
  };
  return { json: { input, output, ...result }, text: pairs(facts) };
}
