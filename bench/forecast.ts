import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forecast } from '../src/backtest/forecast-stage.ts';
import { loadConfig } from '../src/config/config.ts';
import type { PipelineResult } from '../src/contracts/pipeline.ts';
import type { RegionCode } from '../src/contracts/regions.ts';
import { Home } from '../src/lake/home.ts';
import { silentLogger, type StageContext } from '../src/stages/context.ts';
import { placeAt } from './accuracy/verb.ts';
import { median, type BenchOptions, type Measure } from './measure.ts';

export const name = 'forecast';

const MODEL = 'warm';
const MOST_SECONDS = 1;
/** Days of 2019 to issue on; the first two warm the process up. */
const DAYS = Array.from({ length: 9 }, (_, day) => `2019-05-${String(10 + day)}`);
const WARMING_UP = 2;
/** 10:00 of each region's standard time: one forecast of five regions' day ahead. */
const ISSUES: { hour: string; regions: RegionCode[] }[] = [
  { hour: 'T15', regions: ['MISO'] },
  { hour: 'T16', regions: ['ERCO'] },
  { hour: 'T18', regions: ['CAL', 'CISO', 'PACW'] },
];

/**
 * The day ahead of five regions by a registered model, in a process that has forecast before: every issue is a new one,
 * judged from the record, computed and written. The model is made by the command a user has, all members at their own
 * sizes; its network is trained for few steps only, which changes its errors and not what an answer costs.
 */
export async function run({ say }: BenchOptions): Promise<Measure[]> {
  const root = await mkdtemp(join(tmpdir(), 'ringwatt-forecast-'));
  try {
    const { model } = await placeAt(root, say).verb<PipelineResult>(
      ...['run', '--model', MODEL, '--train', '2017-07..2018-09', '--score', '2018-10..2018-12'],
      ...['--from', '2017-07', '--to', '2019', '--preset', 'quick', '--promote', 'never'],
      ...['--max-steps', '10', '--budget-minutes', '30'],
    );
    const asked = { name: model.name, version: model.version };
    const home = await Home.open(root);
    const config = loadConfig({}, { environment: {} });
    const context: StageContext = {
      ...{ home, config, signal: new AbortController().signal, progress() {}, log: silentLogger },
    };
    const wall: number[] = [];
    const processor: number[] = [];
    for (const day of DAYS) {
      const [started, used] = [performance.now(), process.cpuUsage()];
      for (const { hour, regions } of ISSUES) {
        await forecast(context, { ...asked, regions, issuedAt: `${day}${hour}` });
      }
      const { user, system } = process.cpuUsage(used);
      wall.push((performance.now() - started) / 1000);
      processor.push((user + system) / 1e6);
      say(`${day}: ${wall.at(-1)!.toFixed(2)} s, ${processor.at(-1)!.toFixed(2)} s of CPU`);
    }
    return [
      within('a warm forecast of five regions, from the call to the file', wall),
      {
        ...within('the same in processor time', processor),
        note: 'all threads together; depends less on what else the machine is doing',
      },
    ];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function within(measure: string, figures: number[]): Measure {
  const warm = figures.slice(WARMING_UP);
  const ours = median(warm);
  return {
    ...{ measure, ours: Number(ours.toFixed(3)), spread: [Math.min(...warm), Math.max(...warm)] },
    ...{ peer: null, theirs: MOST_SECONDS, unit: 's', ratio: MOST_SECONDS / ours, floor: 1 },
    holds: ours < MOST_SECONDS,
  };
}
