import type { PipelineResult } from '../../src/contracts/pipeline.ts';
import type { Measure } from '../measure.ts';
import type { Place } from './verb.ts';

/** Hours of history that network and columns may look back on: a week, a month, a quarter, a year. */
const CONTEXTS = [168, 720, 2160, 8760];
/** Every context sees as many hours a step, and as many steps. */
const HOURS_A_STEP = 8760;
const STEPS = ['--max-steps', '200', '--budget-minutes', '30'];

/** The same forecasters with more and more of the past, without the operator's forecast; mean of the regions' MAPE. */
export async function byContext({ verb }: Place): Promise<Measure[]> {
  const errors: { hours: number; mape: number }[] = [];
  for (const hours of CONTEXTS) {
    const { scores } = await verb<PipelineResult>(
      ...['run', '--model', `context-${hours}`, '--train', '2015-07..2018', '--score', '2019'],
      ...['--from', '2015-07', '--to', '2019', '--no-operator', '--promote', 'never'],
      ...['--sequence-length', String(hours), '--context', String(hours)],
      ...['--members', 'ridge,transformer', ...STEPS],
      ...['--sequences-per-step', String(Math.min(64, Math.round(HOURS_A_STEP / hours)))],
    );
    const all = scores.map(({ mape }) => mape['model']!);
    errors.push({ hours, mape: all.reduce((sum, each) => sum + each, 0) / all.length });
  }
  const [longest, ...shorter] = errors.toReversed();
  return shorter.map(({ hours, mape }) => ({
    measure: `MAPE of 2019, ${longest!.hours} hours of context, mean of five regions`,
    ours: Number(longest!.mape.toFixed(3)),
    peer: `${hours} hours of context`,
    theirs: Number(mape.toFixed(3)),
    unit: '%',
    ratio: mape / longest!.mape,
    floor: 1,
    holds: mape >= longest!.mape,
  }));
}
