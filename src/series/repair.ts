import { BadInputError } from '../errors.ts';

/** A run of places without a value, `to` excluded. */
export interface Run {
  from: number;
  to: number;
}

/** Interpolated values are not measured: with more of them than so, a score says little about the series. */
export const LARGEST_REPAIRED_SHARE = 0.05;

export function runsOfMissing(values: Float64Array): Run[] {
  const runs: Run[] = [];
  for (let place = 0; place < values.length; place++) {
    if (!Number.isNaN(values[place])) continue;
    const from = place;
    while (place < values.length && Number.isNaN(values[place])) place++;
    runs.push({ from, to: place });
  }
  return runs;
}

/** Straight lines over the runs inside of `values`, in place; returns how many values that made. */
export function interpolate(values: Float64Array, runs: readonly Run[]): number {
  let filled = 0;
  for (const { from, to } of runs) {
    const before = values[from - 1]!;
    const slope = (values[to]! - before) / (to - from + 1);
    for (let place = from; place < to; place++) values[place] = before + slope * (place - from + 1);
    filled += to - from;
  }
  return filled;
}

/**
 * Fills the short runs of one column that begins and ends with a value. Long runs and too many of them are refused:
 * a line over a day is no day.
 */
export function fillColumn(
  name: string,
  values: Float64Array,
  { maxGap, timeOf, hint }: { maxGap: number; timeOf(place: number): string; hint?(rows: number): string },
): { filled: number; runs: number } {
  const runs = runsOfMissing(values);
  const long = runs.filter(({ from, to }) => to - from > maxGap);
  if (long.length > 0) {
    const { from, to } = long.toSorted((a, b) => b.to - b.from - (a.to - a.from))[0]!;
    throw new BadInputError(
      `Column ${name} has no value for ${to - from} rows in a row, ${timeOf(from)} to ${timeOf(to - 1)}${long.length > 1 ? `, and ${long.length - 1} more such gaps` : ''}; up to ${maxGap} are interpolated.`,
      `Fill the gap by something better than a line, give only the rows after it, or allow it with --max-gap.${hint?.(to - from) ?? ''}`,
    );
  }
  const missing = runs.reduce((sum, { from, to }) => sum + to - from, 0);
  if (missing > LARGEST_REPAIRED_SHARE * values.length) {
    throw new BadInputError(
      `Column ${name} lacks ${missing} of ${values.length} values (${percent(missing / values.length)}); up to ${percent(LARGEST_REPAIRED_SHARE)} are interpolated.`,
      'Give a more complete series, or a longer step with fewer holes.',
    );
  }
  return { filled: interpolate(values, runs), runs: runs.length };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
