import type { SeriesBacktestInput } from '../contracts/series.ts';
import { BadInputError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { blendForecaster } from './blend.ts';
import { readLinear } from './fit-stage.ts';
import type { SeriesForecaster } from './forecaster.ts';
import { linearForecaster } from './linear.ts';
import { baselines } from './naive.ts';
import { transformerForecaster } from './transformer-forecaster.ts';

type Trained = Pick<SeriesBacktestInput, 'linear' | 'transformer'> & { shares?: number[] | undefined };

/**
 * All that is compared on a series: what was trained for it, then what needs no training. With the shares of a blend
 * that a comparison found, the blend too.
 */
export async function candidatesOf(
  home: Home,
  { linear, transformer, shares }: Trained,
  { step, context }: { step: number; context: number },
): Promise<SeriesForecaster[]> {
  const learned = [
    ...(linear ? [linearForecaster(await readLinear(home, linear))] : []),
    ...(transformer ? [await transformerForecaster(home, transformer, context)] : []),
  ];
  const [first, second] = learned;
  const blend = shares && first && second ? [blendForecaster([first, second], shares)] : [];
  return [...learned, ...blend, ...baselines(step, context)];
}

export function candidateNamed(candidates: readonly SeriesForecaster[], name: string): SeriesForecaster {
  const found = candidates.find((candidate) => candidate.name === name);
  if (found) return found;
  throw new BadInputError(
    `There is no forecaster "${name}" of this series.`,
    `There are ${candidates.map((candidate) => candidate.name).join(', ')}.`,
  );
}
