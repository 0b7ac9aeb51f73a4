import { ErrorSums } from '../metrics.ts';
import { INTERVALS, IntervalSums, type Interval, type IntervalMeans } from '../metrics-intervals.ts';
import { QuantileSums, type QuantileMeans } from '../metrics-quantiles.ts';
import type { SameHours } from './document.ts';
import { BASELINES, type Answers, type RegionHours } from './region-hours.ts';

/** One column of a comparison. */
export interface Column {
  name: string;
  said: Answers;
}

const MEDIAN_ALONE = [0.5];

/** Baselines and forecasters (of one seed) side by side; the model goes by `model`. */
export function columnsOf(hours: RegionHours, model: string, seed: number): Column[] {
  const baselines = BASELINES.map((name) => ({
    name,
    said: { levels: MEDIAN_ALONE, quantiles: hours[name], median: hours[name] },
  }));
  const forecasters = Object.entries(hours.answers).map(([name, seeds]) => ({
    name: name === model ? 'model' : name,
    said: seeds[seed]!,
  }));
  return [
    ...forecasters.toSorted((a, b) => Number(b.name === 'model') - Number(a.name === 'model')),
    ...baselines,
  ];
}

/** Everybody on `rows`; who has not a value for every one of them has no score. */
export function scoreSameHours(
  hours: RegionHours,
  columns: readonly Column[],
  rows: readonly number[],
  maseScaleMw: number | null,
): SameHours {
  const scored = columns.map(({ name, said }) => [name, scoreColumn(hours, said, rows)] as const);
  const each = (pick: (score: ColumnScore) => number | null) =>
    Object.fromEntries(scored.map(([name, score]) => [name, score && pick(score)]));
  const model = columns.find(({ name }) => name === 'model');
  return {
    hours: rows.length,
    mape: each(({ errors }) => errors.mape),
    mae: each(({ errors }) => errors.mae),
    rmse: each(({ errors }) => errors.rmse),
    mase: each(({ errors }) => errors.mase(maseScaleMw)),
    crps: each(({ quantiles }) => quantiles?.crpsPercent ?? null),
    intervals: model ? intervalsOf(hours, model.said, rows) : [],
  };
}

interface ColumnScore {
  errors: ErrorSums;
  quantiles: QuantileMeans | null;
}

export function scoreColumn(
  { actual }: RegionHours,
  { levels, quantiles, median }: Answers,
  rows: readonly number[],
): ColumnScore | null {
  const errors = new ErrorSums();
  const sums = new QuantileSums(levels);
  for (const row of rows) {
    if (!(median[row]! > 0)) return null;
    errors.add(median[row]!, actual[row]!);
    sums.add(quantiles.subarray(row * levels.length, (row + 1) * levels.length), actual[row]!);
  }
  return { errors, quantiles: sums.means() };
}

/** The intervals whose ends are among the levels. */
export function intervalsOf(hours: RegionHours, said: Answers, rows: readonly number[]): IntervalMeans[] {
  return INTERVALS.flatMap((interval) => intervalOf(hours, said, rows, interval) ?? []);
}

function intervalOf(
  { actual }: RegionHours,
  { levels, quantiles }: Answers,
  rows: readonly number[],
  interval: Interval,
): IntervalMeans | null {
  const [lower, upper] = [levels.indexOf(interval.lower), levels.indexOf(interval.upper)];
  if (lower < 0 || upper < 0) return null;
  const sums = new IntervalSums(interval);
  for (const row of rows) {
    const at = row * levels.length;
    sums.add(quantiles[at + lower]!, quantiles[at + upper]!, actual[row]!);
  }
  return sums.means();
}
