import type { SeriesBacktestInput } from '../contracts/series.ts';
import { BadInputError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { readLinear } from './fit-stage.ts';
import type { SeriesForecaster } from './forecaster.ts';
import { linearForecaster } from './linear.ts';
import { baselines } from './naive.ts';
import { transformerForecaster } from './transformer-forecaster.ts';

type Trained = Pick<SeriesBacktestInput, 'linear' | 'transformer'>;

/** All that is compared on a series: what was trained for it, then what needs no training. */
export async function candidatesOf(
  home: Home,
  { linear, transformer }: Trained,
  { step, context }: { step: number; context: number },
): Promise<SeriesForecaster[]> {
  return [
    ...(linear ? [linearForecaster(await readLinear(home, linear))] : []),
    ...(transformer ? [await transformerForecaster(home, transformer, context)] : []),
    ...baselines(step, context),
  ];
}

export function candidateNamed(candidates: readonly SeriesForecaster[], name: string): SeriesForecaster {
  const found = candidates.find((candidate) => candidate.name === name);
  if (found) return found;
  throw new BadInputError(
    `There is no forecaster "${name}" of this series.`,
    `There are ${candidates.map((candidate) => candidate.name).join(', ')}.`,
  );
}
