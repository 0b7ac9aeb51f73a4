import type { SeriesBacktestInput, SeriesBacktestResult } from '../contracts/series.ts';
import { onceByKey, writeContent } from '../lake/artifacts.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { StageContext } from '../stages/context.ts';
import { candidatesOf } from './candidates.ts';
import { compare } from './comparison.ts';
import { readScores, type ScoresDocument } from './scores-document.ts';
import { seriesData } from './series-data.ts';
import { readSeries } from './series-file.ts';
import { windowsIn } from './split.ts';

/** Raised when the same models and series would score otherwise. */
const STAGE_VERSION = 2;

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
    settings,
    inputs: [series, ...trained],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async () => {
    const clean = await readSeries(home, series);
    const { data, parts } = seriesData(clean.series, input);
    const candidates = await candidatesOf(home, input, data);
    const found = await compare(candidates, data, parts, (done, total) => {
      context.signal.throwIfAborted();
      context.progress({ stage: 'backtest', done, total, unit: 'targets' });
    });
    const { scales, covariateScales } = data;
    const windows = {
      train: windowsIn(parts.train, data.context, data.horizon),
      validation: windowsIn(parts.validation, data.context, data.horizon),
      test: windowsIn(parts.test, data.context, data.horizon),
    };
    const document: ScoresDocument = {
      plan: { series, ...settings },
      ...found,
      windows,
      scales,
      covariateScales,
    };
    const file = await writeContent(home, 'series-backtests', 'json', `${canonicalJson(document)}\n`);
    return {
      files: [{ ...file, role: 'scores' }],
      rows: windows.test,
      details: { chosen: found.chosen, ...windows },
    };
  });
  const { scores, chosen, windows, coverage } = await readScores(home, manifest);
  return { dataset: reference, reused, scores, chosen, windows, coverage };
}
