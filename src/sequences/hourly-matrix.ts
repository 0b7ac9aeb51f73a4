import type pl from 'nodejs-polars';
import { z } from 'zod';
import { HOUR_SECONDS } from '../contracts/time.ts';
import { BadInputError } from '../errors.ts';
import { SERIES } from '../features/config.ts';
import { numericColumns, numericNames } from '../features/numeric-columns.ts';
import { Columns } from '../lake/parquet.ts';

export type FloatArray = Float32Array | Float64Array;
export type Dtype = 'float32' | 'float64';

/** Mean and standard deviation of every column: give those of the training frame to the others. */
export interface Scaling {
  columns: string[];
  mean: number[];
  std: number[];
}

/** A stretch of hours of one region without a gap. */
export interface Run {
  region: string;
  /** The first hour's end, seconds since 1970 UTC. */
  first: number;
  /** Where it begins in the matrix. */
  from: number;
  rows: number;
}

/** A frame's numeric columns as one row-major buffer, hours × features. */
export interface HourlyMatrix {
  features: string[];
  data: FloatArray;
  runs: Run[];
  scaling: Scaling | undefined;
}

/** What every generator may be told of the numbers; fields of its options. */
export const matrixOptions = {
  dtype: z.enum(['float32', 'float64']).default('float32'),
  scaling: z
    .union([
      z.enum(['fit', 'none']),
      z.strictObject({ columns: z.array(z.string()), mean: z.array(z.number()), std: z.array(z.number()) }),
    ])
    .default('fit')
    .describe("'fit': z-scores of the frame itself; a Scaling: those of the training frame; 'none'"),
  masks: z.boolean().default(false).describe('A channel for each of the four series: 1 where it has a value'),
};
type MatrixOptions = { [Name in keyof typeof matrixOptions]: z.infer<(typeof matrixOptions)[Name]> };

/**
 * Lays a frame of `timestamp`, `region` and numeric columns out for sequences. After scaling a null is 0, the mean;
 * without scaling it is NaN. A column without spread is 0 after scaling.
 * @throws BadInputError when the frame is empty, unsorted, or lacks what is asked for
 */
export function hourlyMatrix(frame: pl.DataFrame, { dtype, scaling, masks }: MatrixOptions): HourlyMatrix {
  const runs = runsOf(frame);
  const numeric = numericNames(frame);
  if (numeric.length === 0) {
    throw new BadInputError(
      'The frame has no numeric column.',
      'Give a feature table, or at least demand_mw.',
    );
  }
  const masked = masks ? SERIES.filter((name) => numeric.includes(name)) : [];
  const features = [...numeric, ...masked.map((name) => `has_${name}`)];
  const data = new (dtype === 'float32' ? Float32Array : Float64Array)(frame.height * features.length);
  const fitted = scaling === 'none' ? undefined : scaling === 'fit' ? emptyScaling(numeric) : scaling;
  if (fitted) requireColumns(fitted, numeric);
  numericColumns(frame, numeric).forEach((values, index) => {
    const channel = { data, width: features.length, index };
    if (scaling === 'fit') [fitted!.mean[index], fitted!.std[index]] = spreadOf(values);
    put(values, channel, fitted && ((value) => scaled(value, fitted.mean[index]!, fitted.std[index]!)));
    const mask = (masked as string[]).indexOf(numeric[index]!);
    if (mask >= 0)
      put(values, { ...channel, index: numeric.length + mask }, (value) => Number(isFinite(value)));
  });
  return { features, data, runs, scaling: fitted };
}

function put(
  values: Float64Array,
  { data, width, index }: { data: FloatArray; width: number; index: number },
  change?: (value: number) => number,
): void {
  for (let row = 0, at = index; row < values.length; row++, at += width) {
    data[at] = change ? change(values[row]!) : values[row]!;
  }
}

function scaled(value: number, mean: number, std: number): number {
  return Number.isFinite(value) && std > 0 ? (value - mean) / std : 0;
}

function spreadOf(values: Float64Array): [mean: number, std: number] {
  const known = values.filter((value) => Number.isFinite(value));
  if (known.length === 0) return [0, 0];
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length;
  const std = Math.sqrt(variance);
  return [mean, std > 1e-9 * Math.abs(mean) ? std : 0];
}

const emptyScaling = (columns: string[]): Scaling => ({ columns, mean: [], std: [] });

function requireColumns({ columns }: Scaling, numeric: string[]): void {
  if (columns.length === numeric.length && columns.every((name, i) => name === numeric[i])) return;
  const odd =
    numeric.find((name) => !columns.includes(name)) ?? columns.find((name) => !numeric.includes(name));
  throw new BadInputError(
    `The scaling is of other columns than the frame${odd === undefined ? ', or in another order' : ` (${odd})`}.`,
    'Make both frames with the same feature settings.',
  );
}

function runsOf(frame: pl.DataFrame): Run[] {
  for (const name of ['timestamp', 'region']) {
    if (!frame.columns.includes(name)) {
      throw new BadInputError(
        `The frame has no column ${name} (it has ${frame.columns.join(', ') || 'none'}).`,
        'Give a feature table.',
      );
    }
  }
  if (frame.height === 0) {
    throw new BadInputError('The frame has no rows.', 'Give hourly rows of at least one region.');
  }
  const columns = new Columns(frame.select('timestamp', 'region'));
  const times = columns.seconds('timestamp');
  const regions = columns.strings('region');
  const runs: Run[] = [];
  const seen = new Set<string>();
  times.forEach((time, row) => {
    const region = regions[row] ?? '';
    const sameRegion = row > 0 && regions[row - 1] === region;
    if ((!sameRegion && seen.has(region)) || (sameRegion && !(time > times[row - 1]!)))
      throw unsorted(region, time);
    seen.add(region);
    if (sameRegion && time === times[row - 1]! + HOUR_SECONDS) runs.at(-1)!.rows++;
    else runs.push({ region, first: time, from: row, rows: 1 });
  });
  return runs;
}

const unsorted = (region: string, time: number) =>
  new BadInputError(
    `The rows are not in order of region and time: see ${region} at ${new Date(time * 1000).toISOString()}.`,
    "Sort them: frame.sort(['region', 'timestamp']), and keep one row an hour.",
  );
