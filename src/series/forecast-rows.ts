import { readColumns, writeColumns } from '../lake/parquet.ts';
import { spellTime } from './times.ts';

export interface SeriesForecastRow {
  target: string;
  /** UTC. */
  time: string;
  /** Rows ahead, from 1. */
  step: number;
  forecast: number;
  /** Ends of the 80 % interval. */
  lower: number;
  upper: number;
}

/** One Parquet file of a forecast, for whoever wants it without Ringwatt. */
export async function writeForecastRows(path: string, rows: readonly SeriesForecastRow[]): Promise<void> {
  const numbers = (name: 'forecast' | 'lower' | 'upper') =>
    ({ type: 'f64', values: Float64Array.from(rows, (row) => row[name]) }) as const;
  await writeColumns(path, {
    target: { type: 'utf8', values: rows.map(({ target }) => target) },
    time: { type: 'timestamp', values: Float64Array.from(rows, ({ time }) => Date.parse(time) / 1000) },
    step: { type: 'i32', values: Int32Array.from(rows, ({ step }) => step) },
    forecast: numbers('forecast'),
    lower: numbers('lower'),
    upper: numbers('upper'),
  });
}

export async function readForecastRows(path: string): Promise<SeriesForecastRow[]> {
  const columns = await readColumns(path);
  const [targets, times, steps] = [columns.strings('target'), columns.seconds('time'), columns.f64('step')];
  const [forecast, lower, upper] = ['forecast', 'lower', 'upper'].map((name) => columns.f64(name));
  return targets.map((target, i) => ({
    target: target!,
    time: spellTime(times[i]!),
    step: steps[i]!,
    forecast: forecast![i]!,
    lower: lower![i]!,
    upper: upper![i]!,
  }));
}
