import { BadInputError } from '../errors.ts';
import type { CleanSeries } from './clean.ts';
import { spellTime } from './times.ts';

/**
 * A series that goes on with newer rows. Where both have a row the newer file's counts. Rows that begin after the end
 * of what is there stand for themselves when they are enough to look back on.
 */
export function joinSeries(old: CleanSeries, newer: CleanSeries, context: number): CleanSeries {
  const { start, step } = old;
  const offset = (newer.start - start) / step;
  if (newer.rows >= context && (offset > old.rows || offset < 0 || !Number.isInteger(offset))) return newer;
  if (!Number.isInteger(offset) || offset > old.rows || offset < 0) {
    throw new BadInputError(
      `The file's ${newer.rows} rows from ${spellTime(newer.start)} on do not go on from the series, which ends at ${spellTime(start + (old.rows - 1) * step)}, and ${context} rows are looked back on.`,
      'Give rows that begin by the end of the series, or as many as are looked back on.',
    );
  }
  const joined = (before: Float64Array, after: Float64Array, rows: number) => {
    const values = new Float64Array(rows);
    values.set(before.subarray(0, offset));
    values.set(after, offset);
    return values;
  };
  const both = (one: ReadonlyMap<string, Float64Array>, other: ReadonlyMap<string, Float64Array>) =>
    new Map(
      [...one].map(([name, values]) => {
        const after = other.get(name)!;
        return [name, joined(values, after, offset + after.length)];
      }),
    );
  return {
    start,
    step,
    rows: offset + newer.rows,
    targets: both(old.targets, newer.targets),
    covariates: both(old.covariates, newer.covariates),
    repairs: newer.repairs,
  };
}
