import { z } from 'zod';
import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import {
  seriesPlan,
  seriesScore,
  type SeriesBacktestInput,
  type SeriesBacktestResult,
  type SeriesScore,
} from '../contracts/series.ts';
import { CorruptArtifactError, describeIssues } from '../errors.ts';
import { onceByKey, readArtifact, readManifest, writeContent } from '../lake/artifacts.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import type { StageContext } from '../stages/context.ts';
import { candidatesOf } from './candidates.ts';
import { errorsOf, meanErrors, type TargetErrors, type Watch } from './evaluate.ts';
import type { SeriesForecaster } from './forecaster.ts';
import { countInside, intervalOf, type Interval } from './intervals.ts';
import { seriesData, type SeriesData } from './series-data.ts';
import { readSeries } from './series-file.ts';
import { windowsIn, type Parts } from './split.ts';

/** Raised when the same models and series would score otherwise. */
const STAGE_VERSION = 1;

const scale = z.object({ mean: z.number(), deviation: z.number() });
const interval = z.object({ lower: z.array(z.number()), upper: z.array(z.number()) });

/** `scores.json` of a series backtest: all that a registered forecaster needs beside its weights. */
export const scoresDocument = z.object({
  plan: seriesPlan,
  scores: z.array(seriesScore),
  chosen: z.string(),
  windows: z.object({ train: z.number(), validation: z.number(), test: z.number() }),
  coverage: z.number(),
  scales: z.array(scale),
  covariateScales: z.array(scale),
  /** By target, of the chosen forecaster. */
  intervals: z.array(interval),
  /** By forecaster: mean squared error on the test part by step ahead, over all targets. */
  bySteps: z.record(z.string(), z.array(z.number())),
});
export type ScoresDocument = z.infer<typeof scoresDocument>;

/**
 * Scores everything that can forecast the series, on every window of the validation and the test part; the one that
 * errs least on the validation part is chosen, and the test part is looked at for the account only.
 */
export async function backtestSeries(
  context: StageContext,
  input: SeriesBacktestInput,
): Promise<SeriesBacktestResult> {
  const { home } = context;
  const { series, linear, transformer, sequences, ...settings } = input;
  const trained = [linear, transformer, sequences].filter((each) => each !== undefined);
  const work = {
    kind: 'series-backtest' as const,
    stage: 'backtestSeries',
    version: STAGE_VERSION,
    settings: { ...settings, roles: { linear: linear?.uri, transformer: transformer?.uri } },
    inputs: [series, ...trained],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async () => {
    const clean = await readSeries(home, series);
    const { data, parts } = seriesData(clean.series, input);
    const candidates = await candidatesOf(home, input, data);
    const document = await compare(context, candidates, data, parts, { series, ...settings });
    const file = await writeContent(home, 'series-backtests', 'json', `${canonicalJson(document)}\n`);
    const { chosen, windows } = document;
    return { files: [{ ...file, role: 'scores' }], rows: windows.test, details: { chosen, ...windows } };
  });
  const { scores, chosen, windows, coverage } = await readScores(home, manifest);
  return { dataset: reference, reused, scores, chosen, windows, coverage };
}

async function compare(
  context: StageContext,
  candidates: readonly SeriesForecaster[],
  data: SeriesData,
  parts: Parts,
  plan: ScoresDocument['plan'],
): Promise<ScoresDocument> {
  const total = 2 * candidates.length * data.names.length;
  let done = 0;
  const score = async (
    candidate: SeriesForecaster,
    part: Parts['test'],
    watch?: (target: number) => Watch,
  ) => {
    const errors: TargetErrors[] = [];
    for (let target = 0; target < data.names.length; target++) {
      context.signal.throwIfAborted();
      context.progress({ stage: 'backtest', done: done++, total, unit: 'targets', note: candidate.name });
      errors.push(await errorsOf(candidate, data, part, target, watch?.(target)));
    }
    return errors;
  };
  const validated = [];
  for (const candidate of candidates) {
    validated.push({ candidate, validation: meanErrors(await score(candidate, parts.validation)) });
  }
  const best = validated.reduce((a, b) => (b.validation.mse < a.validation.mse ? b : a)).candidate;
  const intervals: Interval[] = [];
  for (let target = 0; target < data.names.length; target++) {
    intervals.push(await intervalOf(best, data, parts.validation, target));
  }
  let inside = 0;
  const watch =
    (target: number): Watch =>
    (origin, answers, truth, count) => {
      inside += countInside(intervals[target]!, answers, truth, origin, count);
    };
  const scores: SeriesScore[] = [];
  const bySteps: ScoresDocument['bySteps'] = {};
  for (const { candidate, validation } of validated) {
    const errors = await score(candidate, parts.test, candidate === best ? watch : undefined);
    const targets = errors.map((each, target) => {
      const { mse, mae } = meanErrors([each]);
      return { target: data.names[target]!, mse, mae, maeOriginal: mae * data.scales[target]!.deviation };
    });
    scores.push({ forecaster: candidate.name, validation, test: meanErrors(errors), targets });
    bySteps[candidate.name] = Array.from(
      { length: data.horizon },
      (_, h) => errors.reduce((sum, { squared, windows }) => sum + squared[h]! / windows, 0) / errors.length,
    );
  }
  const windows = Object.fromEntries(
    Object.entries({ train: parts.train, validation: parts.validation, test: parts.test }).map(
      ([name, part]) => [name, windowsIn(part, data.context, data.horizon)],
    ),
  ) as ScoresDocument['windows'];
  const values = windows.test * data.horizon * data.names.length;
  const { scales, covariateScales } = data;
  const chosen = best.name;
  return {
    plan,
    scores,
    chosen,
    windows,
    coverage: inside / values,
    scales,
    covariateScales,
    intervals,
    bySteps,
  };
}

/** The scores of a backtest's manifest, checked against their hash. */
export async function readScores(home: Home, { key, files }: Manifest): Promise<ScoresDocument> {
  const file = files.find(({ role }) => role === 'scores');
  const text = file && (await readArtifact(home, file)).toString('utf8');
  const parsed = scoresDocument.safeParse(text === undefined ? undefined : JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new CorruptArtifactError(
    `The series backtest ${key} has no scores (${describeIssues(parsed.error.issues)}).`,
    'Run `train --csv` again.',
  );
}

export const readSeriesBacktest = (home: Home, reference: ArtifactReference): Promise<Manifest> =>
  readManifest(home, reference, 'series-backtest');
