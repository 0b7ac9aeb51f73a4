import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PipelineResult } from '../src/contracts/pipeline.ts';
import { placeAt } from './accuracy/verb.ts';
import { libraryRates } from './drift/library.ts';
import { plantedShifts } from './drift/planted.ts';
import { stableYears } from './drift/stable-years.ts';
import { Watch } from './drift/watch.ts';
import type { BenchOptions, Measure } from './measure.ts';

export const name = 'drift';
export const parts = ['library', 'years', 'planted'];

const MODEL = 'steady';

/**
 * How often drift is said where there is none, and how soon where some is planted. The model is made by the command a
 * user has: two years to learn from, a year's backtest; without trees and network, which would cost an hour and change little. Nothing was chosen by what came out of 2019.
 */
export async function run(options: BenchOptions): Promise<Measure[]> {
  const asks = (part: string) => options.only?.includes(part) ?? true;
  const measures = asks('library') ? libraryRates(options) : [];
  if (!asks('years') && !asks('planted')) return measures;
  const root = await mkdtemp(join(tmpdir(), 'ringwatt-drift-'));
  try {
    const { model } = await placeAt(root, options.say).verb<PipelineResult>(
      ...['run', '--model', MODEL, '--train', '2015-07..2017-06', '--score', '2017-07..2018-06'],
      ...['--from', '2015-07', '--to', '2019', '--preset', 'quick', '--promote', 'never'],
      // The pipeline trains a network whether or not it is a member.
      ...['--members', 'climatology,ridge', '--max-steps', '1', '--budget-minutes', '60'],
    );
    const watch = await Watch.open(root, model.name, model.version);
    if (asks('years')) measures.push(...(await stableYears(watch, options)));
    if (asks('planted')) measures.push(...(await plantedShifts(watch, options)));
    return measures;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
