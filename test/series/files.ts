import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/config.ts';
import { Home } from '../../src/lake/home.ts';
import { cleanSeries, type CleanSeries } from '../../src/series/clean.ts';
import { parseCsv } from '../../src/series/csv-table.ts';
import { spellTime } from '../../src/series/times.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';

export const START = Date.UTC(2020, 0, 1) / 1000;
export const HOUR = 3600;

/** Daily and weekly cycles with a little noise that is the same on every machine. */
export const waves = (row: number, shift = 0): number =>
  100 +
  20 * Math.sin((2 * Math.PI * (row + shift)) / 24) +
  5 * Math.sin((2 * Math.PI * row) / 168) +
  ((row * 7919 + shift * 104_729) % 101) / 50;

/** `time,load` of so many hours; `change` may replace or drop lines. */
export function hourlyLines(
  rows: number,
  valueAt: (row: number) => string | number = (row) => waves(row),
): string[] {
  return Array.from({ length: rows }, (_, row) => `${spellTime(START + row * HOUR)},${valueAt(row)}`);
}

export const csvOf = (lines: readonly string[], header = 'time,load'): string =>
  [header, ...lines, ''].join('\n');

export function clean(
  text: string,
  {
    targets = ['load'],
    covariates = [],
    ...rest
  }: { targets?: string[]; covariates?: string[]; frequency?: string; maxGap?: number } = {},
): CleanSeries {
  const columns = { time: 'time', targets, covariates, maxGap: 6, ...rest };
  return cleanSeries(parseCsv(Buffer.from(text), ['time', ...targets, ...covariates]), columns);
}

export interface SeriesHome extends AsyncDisposable {
  context: StageContext;
  home: Home;
  folder: string;
  file(name: string, text: string): Promise<string>;
}

export async function seriesHome(): Promise<SeriesHome> {
  const folder = await mkdtemp(join(tmpdir(), 'ringwatt-series-'));
  const home = await Home.open(join(folder, 'home'));
  const context: StageContext = {
    home,
    config: loadConfig({ home: home.root }, { environment: {} }),
    signal: new AbortController().signal,
    progress: () => {},
    log: silentLogger,
  };
  return {
    context,
    home,
    folder,
    async file(name, text) {
      const path = join(folder, name);
      await writeFile(path, text);
      return path;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
