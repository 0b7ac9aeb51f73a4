import type { RollingUnit, RollingUnitResult } from '../../contracts/rolling-backtest.ts';
import { fromHourStamp } from '../../contracts/time.ts';
import { readIssueTable } from '../../day-ahead/read.ts';
import { onceByKey, readManifest, referTo } from '../../lake/artifacts.ts';
import type { StageContext } from '../../stages/context.ts';
import { hoursOf } from './plan-stage.ts';
import { predictionsOf, writePredictions, type RegionPredictions } from './predictions-file.ts';
import { forecasterOf, type ForecasterSource } from './forecaster-source.ts';
import type { Forecaster } from '../../forecasters/forecaster.ts';
import { predictHonestly } from './honest-predictions.ts';
import { fitDataAt, issuesOfStretch } from './stretches.ts';
import { predictionsDetailsOf, workOfUnit } from './units.ts';

/** Columns beside the quantiles, and the largest number of quantiles; 8 bytes each before compression. */
const BYTES_PER_HOUR = 22 * 8;

/**
 * One fit of a rolling backtest and its forecasts until the next: fitted on what was known at the stretch's first
 * issue, then asked for every issue of the stretch. Done once.
 */
export async function backtestStretch(
  context: StageContext,
  unit: RollingUnit,
  source: ForecasterSource = forecasterOf,
): Promise<RollingUnitResult> {
  const { home, signal } = context;
  const { reference, manifest, reused } = await onceByKey(home, workOfUnit(unit), async (key) => {
    const sequences = await readManifest(home, unit.sequences, 'sequences');
    const tables = [];
    for (const region of unit.regions) tables.push(await readIssueTable(home, sequences, region));
    const score = hoursOf(unit.score);
    const asked = tables.map((table) => issuesOfStretch(table, unit.stretch, score));
    const hours = asked.reduce((sum, { validAt }) => sum + validAt.length, 0);
    await home.requireFreeSpace(hours * BYTES_PER_HOUR, 'The backtest');
    const data = fitDataAt(tables, fromHourStamp(unit.stretch.from), unit.window);
    const tell = (done: number) =>
      context.progress({
        stage: 'backtest',
        done,
        total: 1,
        unit: 'fits',
        note: `${unit.forecaster}, fitted at ${unit.stretch.from}`,
      });
    tell(0);
    const forecaster = await source(home, unit);
    const answersOf = async (given: Forecaster) => {
      const fitted = await given.fit(data, { seed: unit.seed, signal, progress: tell });
      const parts: RegionPredictions[] = [];
      for (const table of asked) {
        signal.throwIfAborted();
        const answers = await predictHonestly(fitted, table);
        parts.push(predictionsOf(table, answers, fitted.levels.length, score));
      }
      return { parts, levels: fitted.levels };
    };
    const { parts, levels } = await answersOf(forecaster).finally(() => forecaster[Symbol.asyncDispose]?.());
    const uri = `predictions/${key}/predictions.parquet`;
    const rows = await writePredictions(home.path(uri), parts, levels);
    return {
      files: [{ ...(await referTo(home, uri, rows)), role: 'predictions' }],
      rows,
      details: {
        levels: [...levels],
        fitIssues: Object.fromEntries(data.tables.map(({ region, issuedAt }) => [region, issuedAt.length])),
      },
    };
  });
  const { fitIssues, levels } = predictionsDetailsOf(manifest);
  return {
    dataset: reference,
    reused,
    facts: {
      forecaster: unit.forecaster,
      'fitted on issues': Math.min(...Object.values(fitIssues)),
      levels: levels.length,
      hours: manifest.rows,
    },
  };
}
