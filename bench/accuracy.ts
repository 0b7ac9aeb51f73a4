import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byContext } from './accuracy/context.ts';
import { dayAhead } from './accuracy/day-ahead.ts';
import { placeAt } from './accuracy/verb.ts';
import { weather } from './accuracy/weather.ts';
import type { BenchOptions, Measure } from './measure.ts';

export const name = 'accuracy';
export const parts = ['with-operator', 'without-operator', 'weather', 'context'];

/**
 * Errors of the day-ahead forecasts on hours that nobody tuned on, by the commands that a user has, in a home of its own:
 * the whole job with the shipped record, fitted once before the hours that are scored. Takes half an hour on two cores.
 */
export async function run({ only = parts, say }: BenchOptions): Promise<Measure[]> {
  const home = await mkdtemp(join(tmpdir(), 'ringwatt-accuracy-'));
  const place = placeAt(home, say);
  try {
    const measures: Measure[] = [];
    if (only.includes('with-operator')) measures.push(...(await dayAhead(place, true)));
    if (only.includes('without-operator')) measures.push(...(await dayAhead(place, false)));
    if (only.includes('weather')) measures.push(...(await weather(place)));
    if (only.includes('context')) measures.push(...(await byContext(place)));
    return measures;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
