import type { SeriesForecaster } from './forecaster.ts';
import type { SeriesData } from './series-data.ts';
import { originsOf, type Part } from './split.ts';

/** What is added to a forecast for the ends of its 80 % interval, by step ahead, of standardised values. */
export interface Interval {
  lower: number[];
  upper: number[];
}

const LOWER = 0.1;
const UPPER = 0.9;
/** Windows that the quantiles are taken of, spread evenly; neighbours differ by one row and say nearly the same. */
const MOST_WINDOWS = 1000;

/** Quantiles of what a forecaster erred by on a part that it was not trained on, target by target. */
export async function intervalOf(
  forecaster: SeriesForecaster,
  data: SeriesData,
  part: Part,
  target: number,
): Promise<Interval> {
  const { horizon, context } = data;
  const truth = data.values[target]!;
  const { from, to } = originsOf(part, context, horizon);
  const stride = Math.ceil((to - from) / MOST_WINDOWS);
  const errors = Array.from({ length: horizon }, (): number[] => []);
  for (let batch = from; batch < to; batch += forecaster.batch) {
    const count = Math.min(forecaster.batch, to - batch);
    const answers = await forecaster.predict(data, target, batch, count);
    for (let i = 0; i < count; i++) {
      if ((batch + i - from) % stride !== 0) continue;
      for (let h = 0; h < horizon; h++) errors[h]!.push(truth[batch + i + h]! - answers[i * horizon + h]!);
    }
  }
  const sorted = errors.map((all) => Float64Array.from(all).sort());
  return {
    lower: sorted.map((all) => quantile(all, LOWER)),
    upper: sorted.map((all) => quantile(all, UPPER)),
  };
}

/** Linear between order statistics. */
export function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below + (above - below) * (place - Math.floor(place));
}

/** How many of these answers' steps came inside the interval. */
export function countInside(
  { lower, upper }: Interval,
  answers: Float64Array,
  truth: Float64Array,
  origin: number,
  count: number,
): number {
  const horizon = lower.length;
  let inside = 0;
  for (let i = 0; i < count; i++) {
    for (let h = 0; h < horizon; h++) {
      const error = truth[origin + i + h]! - answers[i * horizon + h]!;
      if (error >= lower[h]! && error <= upper[h]!) inside++;
    }
  }
  return inside;
}
