import type { BacktestInput, BacktestResult } from '../contracts/stages.ts';
import { HOUR_SECONDS, firstHourOf, lastHourOf } from '../contracts/time.ts';
import { onceByKey, readArtifact, readManifest } from '../lake/artifacts.ts';
import { loadPredictor } from '../model/predictor.ts';
import type { StageContext } from '../stages/context.ts';
import { forecasterDetailsOf } from '../forecasters/load.ts';
import { runBacktest } from './backtest.ts';
import { backtestForecaster } from './forecaster-backtest.ts';
import { sequencesFor } from './newer-record.ts';
import type { ScoresDocument } from './scores.ts';

export { forecast, type ForecastResult } from './forecast-stage.ts';
export type { ForecastRow } from './forecast.ts';

/** Raised when the protocol, the metrics or the files' form change. */
const STAGE_VERSION = 1;
/** Twelve columns, before compression. */
const BYTES_PER_HOUR = 12 * 8;
/** Scores by hour, lead and month. */
const SCORES_BYTES_PER_REGION = 2 ** 20;

/**
 * Scores a trained model by the day-ahead protocol beside the operator's forecast and the persistences, on the same
 * hours, and writes a backtest manifest: file of role `scores` (JSON, `ScoresDocument`), file of role `hours`
 * (Parquet, one row a region and hour).
 */
export async function backtest(context: StageContext, input: BacktestInput): Promise<BacktestResult> {
  const { home } = context;
  const sequences = await sequencesFor(context, input);
  const isForecaster = (await readManifest(home, input.model)).kind === 'forecaster';
  const work = {
    kind: 'backtest' as const,
    stage: 'backtest',
    version: STAGE_VERSION,
    // When a forecaster's issues are made, its tables say.
    settings: isForecaster
      ? { score: input.score }
      : { score: input.score, issueHourLocal: input.issueHourLocal },
    inputs: [input.model, sequences],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    const { scores, hours, document } = isForecaster
      ? await scoreForecaster(context, { ...input, sequences }, key)
      : await scoreNetwork(context, { ...input, sequences }, key);
    return {
      files: [
        { ...scores, role: 'scores' },
        { ...hours, role: 'hours' },
      ],
      rows: hours.rows ?? 0,
      details: {
        protocol: document.protocol,
        counts: Object.fromEntries(document.regions.map(({ region, counts }) => [region, { ...counts }])),
      },
    };
  });
  const scores = manifest.files.find(({ role }) => role === 'scores')!;
  const document = JSON.parse((await readArtifact(home, scores)).toString('utf8')) as ScoresDocument;
  return { dataset: reference, reused, scores: document.regions.map(({ overall }) => overall) };
}

async function scoreForecaster(context: StageContext, input: BacktestInput, key: string) {
  const { ensemble } = forecasterDetailsOf(await readManifest(context.home, input.model, 'forecaster'));
  await context.home.requireFreeSpace(diskNeed(input.score, ensemble.regions.length), 'The backtest');
  return backtestForecaster(context, input, key);
}

async function scoreNetwork(context: StageContext, input: BacktestInput, key: string) {
  const { home } = context;
  const predictor = await loadPredictor(home, input.model);
  const { files: cut } = await readManifest(home, input.sequences, 'sequences');
  const regions = input.features
    ? predictor.regions.filter((region) => cut.some((file) => file.region === region))
    : predictor.regions;
  const model = { regions, horizon: predictor.horizon, predict: predictor.predict.bind(predictor) };
  await home.requireFreeSpace(diskNeed(input.score, regions.length), 'The backtest');
  return runBacktest(context, input, model, key).finally(() => predictor.dispose());
}

function diskNeed(score: BacktestInput['score'], regions: number): number {
  const hours = (lastHourOf(score.to) - firstHourOf(score.from)) / HOUR_SECONDS + 1;
  return regions * (hours * BYTES_PER_HOUR + SCORES_BYTES_PER_REGION);
}
