import type { SeriesForecaster } from './forecaster.ts';
import type { SeriesData } from './series-data.ts';
import { originsOf, type Part } from './split.ts';

/** Sums over windows, of one forecaster and one target. */
export interface TargetErrors {
  /** By step ahead, of standardised values. */
  squared: Float64Array;
  absolute: Float64Array;
  windows: number;
}

export type Watch = (origin: number, answers: Float64Array, truth: Float64Array, count: number) => void;

/**
 * Every window of a part, stride 1, the last batch as long as what is left: the mean of all errors, as published tables
 * take it once their loaders drop nothing. `watch` sees every answer beside what came.
 */
export async function errorsOf(
  forecaster: SeriesForecaster,
  data: SeriesData,
  part: Part,
  target: number,
  watch?: Watch,
): Promise<TargetErrors> {
  const { horizon, context } = data;
  const truth = data.values[target]!;
  const squared = new Float64Array(horizon);
  const absolute = new Float64Array(horizon);
  const { from, to } = originsOf(part, context, horizon);
  for (let origin = from; origin < to; origin += forecaster.batch) {
    const count = Math.min(forecaster.batch, to - origin);
    const answers = await forecaster.predict(data, target, origin, count);
    for (let i = 0; i < count; i++) {
      for (let h = 0; h < horizon; h++) {
        const error = answers[i * horizon + h]! - truth[origin + i + h]!;
        squared[h]! += error * error;
        absolute[h]! += Math.abs(error);
      }
    }
    watch?.(origin, answers, truth, count);
  }
  return { squared, absolute, windows: to - from };
}

/** Means over windows, steps and targets. */
export function meanErrors(errors: readonly TargetErrors[]): { mse: number; mae: number } {
  const total = errors.reduce((sum, { windows, squared }) => sum + windows * squared.length, 0);
  const mean = (of: 'squared' | 'absolute') =>
    errors.reduce((sum, each) => sum + each[of].reduce((a, b) => a + b, 0), 0) / total;
  return { mse: mean('squared'), mae: mean('absolute') };
}
