import type { SeriesScore } from '../contracts/series.ts';
import { BLEND, BlendFit, mix } from './blend.ts';
import { ErrorSums, errorsBySteps, meanErrors } from './evaluate.ts';
import type { SeriesForecaster } from './forecaster.ts';
import { countInside, ErrorSample, type Interval } from './intervals.ts';
import type { SeriesData } from './series-data.ts';
import { originsOf, type Part, type Parts } from './split.ts';

export interface Comparison {
  scores: SeriesScore[];
  /** Lowest mean squared error on the validation part. */
  chosen: string;
  /** By target: the second learned forecaster's share of the blend; absent where there is no blend. */
  shares?: number[];
  /** Of the chosen one, by target. */
  intervals: Interval[];
  /** Share of test values inside the intervals. */
  coverage: number;
  /** By forecaster, on the test part. */
  bySteps: Record<string, number[]>;
}

/** Origins that are forecast at once. */
const BATCH = 256;

/**
 * Every window of the validation and the test part, stride 1, the last batch as long as what is left: nothing is
 * dropped, so that means are those of published tables. The test part decides nothing.
 */
export async function compare(
  candidates: readonly SeriesForecaster[],
  data: SeriesData,
  parts: Parts,
  onTarget: (done: number, total: number) => void,
): Promise<Comparison> {
  const learned = candidates.filter((candidate) => candidate.learned);
  const blended = learned.length === 2;
  const names = [...candidates.map(({ name }) => name), ...(blended ? [BLEND] : [])];
  const total = 2 * data.names.length;
  const judged: Awaited<ReturnType<typeof judge>>[] = [];
  for (const target of data.names.keys()) {
    onTarget(target, total);
    judged.push(await judge(candidates, data, parts.validation, target));
  }
  const validation = new Map(
    names.map((name) => [name, meanErrors(judged.map(({ errors }) => errors.get(name)!))]),
  );
  const chosen = names.reduce((a, b) => (validation.get(b)!.mse < validation.get(a)!.mse ? b : a));
  const intervals = judged.map(({ samples }) => samples.get(chosen)!.interval());
  const errors = new Map(names.map((name): [string, ErrorSums[]] => [name, []]));
  let inside = 0;
  for (const [target, { share }] of judged.entries()) {
    onTarget(data.names.length + target, total);
    const sums = new Map(names.map((name) => [name, new ErrorSums(data.horizon)]));
    await eachBatch(candidates, data, parts.test, target, (answers, truth, origin, count) => {
      const all = withBlend(answers, learned, share);
      for (const [name, values] of all) sums.get(name)!.add(values, truth, origin, count);
      inside += countInside(intervals[target]!, all.get(chosen)!, truth, origin, count);
    });
    for (const [name, sum] of sums) errors.get(name)!.push(sum);
  }
  const values = errors.get(chosen)!.reduce((sum, { windows }) => sum + windows * data.horizon, 0);
  return {
    scores: names.map((name) => scoreOf(name, validation.get(name)!, errors.get(name)!, data)),
    chosen,
    ...(blended ? { shares: judged.map(({ share }) => share!) } : {}),
    intervals,
    coverage: inside / values,
    bySteps: Object.fromEntries(names.map((name) => [name, errorsBySteps(errors.get(name)!)])),
  };
}

type Answers = Map<string, Float64Array>;

/** One target on the validation part. The blend's share is known only after all of it, so answers are kept so long. */
async function judge(candidates: readonly SeriesForecaster[], data: SeriesData, part: Part, target: number) {
  const learned = candidates.filter((candidate) => candidate.learned);
  const { from, to } = originsOf(part, data.context, data.horizon);
  const kept: { answers: Answers; origin: number; count: number }[] = [];
  const fit = new BlendFit();
  await eachBatch(candidates, data, part, target, (answers, truth, origin, count) => {
    kept.push({ answers, origin, count });
    if (learned.length === 2) {
      const [first, second] = learned.map(({ name }) => answers.get(name)!);
      fit.add(first!, second!, truth, origin, count);
    }
  });
  const share = learned.length === 2 ? fit.share : undefined;
  const errors = new Map<string, ErrorSums>();
  const samples = new Map<string, ErrorSample>();
  for (const { answers, origin, count } of kept) {
    for (const [name, values] of withBlend(answers, learned, share)) {
      if (!errors.has(name)) {
        errors.set(name, new ErrorSums(data.horizon));
        samples.set(name, new ErrorSample(to - from, data.horizon));
      }
      errors.get(name)!.add(values, data.values[target]!, origin, count);
      samples.get(name)!.add(values, data.values[target]!, origin, count);
    }
  }
  return { errors, samples, share };
}

async function eachBatch(
  candidates: readonly SeriesForecaster[],
  data: SeriesData,
  part: Part,
  target: number,
  take: (answers: Answers, truth: Float64Array, origin: number, count: number) => void,
): Promise<void> {
  const { from, to } = originsOf(part, data.context, data.horizon);
  for (let origin = from; origin < to; origin += BATCH) {
    const count = Math.min(BATCH, to - origin);
    const answers: Answers = new Map();
    for (const candidate of candidates) {
      answers.set(candidate.name, await candidate.predict(data, target, origin, count));
    }
    take(answers, data.values[target]!, origin, count);
  }
}

function withBlend(
  answers: Answers,
  learned: readonly SeriesForecaster[],
  share: number | undefined,
): Answers {
  if (share === undefined) return answers;
  const [first, second] = learned.map(({ name }) => answers.get(name)!);
  return new Map([...answers, [BLEND, mix(first!, second!, share)]]);
}

function scoreOf(
  forecaster: string,
  validation: SeriesScore['validation'],
  errors: readonly ErrorSums[],
  { names, scales }: SeriesData,
): SeriesScore {
  const targets = errors.map((each, target) => {
    const { mse, mae } = meanErrors([each]);
    return { target: names[target]!, mse, mae, maeOriginal: mae * scales[target]!.deviation };
  });
  return { forecaster, validation, test: meanErrors(errors), targets };
}
