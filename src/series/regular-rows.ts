import { BadInputError } from '../errors.ts';
import { spellFrequency, spellTime } from './times.ts';

/** Rows of a file in the order of time, one for each moment. */
export interface RegularRows {
  /** Time of place 0, and seconds from one place to the next. */
  start: number;
  step: number;
  places: number;
  /** By place: the file's row, −1 where it has none. */
  rowAt: Int32Array;
  unsorted: number;
  duplicates: number;
}

interface Asked {
  times: Float64Array;
  /** Whether two rows say the same. */
  equal(one: number, other: number): boolean;
  lineOf(row: number): number;
  /** Seconds; default: the commonest. */
  step?: number;
  zoned: boolean;
}

/** More than so many places for each row is not a series with gaps, but two series far apart or a wrong step. */
const MOST_PLACES_A_ROW = 20;

/**
 * Sorts the rows, drops rows that are there twice, finds the step and refuses whatever lies off it: values that are
 * moved to another time would be scored at a time at which they were not.
 */
export function regularRows({ times, equal, lineOf, step: given, zoned }: Asked): RegularRows {
  const order = Int32Array.from(times, (_time, row) => row);
  let unsorted = 0;
  for (let row = 1; row < times.length; row++) if (times[row]! < times[row - 1]!) unsorted++;
  if (unsorted > 0) order.sort((a, b) => times[a]! - times[b]! || a - b);
  const kept: number[] = [];
  let duplicates = 0;
  for (const row of order) {
    const before = kept.at(-1);
    if (before === undefined || times[before] !== times[row]) kept.push(row);
    else if (equal(before, row)) duplicates++;
    else throw differing(before, row, times, lineOf, zoned);
  }
  const step = given ?? commonest(kept, times);
  if (step === undefined) {
    throw new BadInputError('A single row has no frequency.', 'Give a file with more rows.');
  }
  const start = times[kept[0]!]!;
  const odd = kept.find((row) => (times[row]! - start) % step !== 0);
  if (odd !== undefined) throw irregular(odd, kept, times, lineOf, step, given !== undefined);
  const places = (times[kept.at(-1)!]! - start) / step + 1;
  if (places > MOST_PLACES_A_ROW * kept.length) {
    throw new BadInputError(
      `${kept.length} rows every ${spellFrequency(step)} would span ${places} rows: most are missing.`,
      'Give the series’ own step with --freq, or a file without the hole.',
    );
  }
  const rowAt = new Int32Array(places).fill(-1);
  for (const row of kept) rowAt[(times[row]! - start) / step] = row;
  return { start, step, places, rowAt, unsorted, duplicates };
}

/** The difference between neighbours that is seen most; of two, the smaller. */
function commonest(kept: readonly number[], times: Float64Array): number | undefined {
  const counts = new Map<number, number>();
  for (let i = 1; i < kept.length; i++) {
    const difference = times[kept[i]!]! - times[kept[i - 1]!]!;
    counts.set(difference, (counts.get(difference) ?? 0) + 1);
  }
  const [first] = [...counts].toSorted(([a, countA], [b, countB]) => countB - countA || a - b);
  return first?.[0];
}

function differing(
  one: number,
  other: number,
  times: Float64Array,
  lineOf: (row: number) => number,
  zoned: boolean,
): BadInputError {
  return new BadInputError(
    `Rows ${lineOf(one)} and ${lineOf(other)} are both of ${spellTime(times[one]!)} and say different things.`,
    `Keep the one that is right.${zoned ? '' : ' Where it is the hour in which summer time ends, write the times in UTC.'}`,
  );
}

function irregular(
  row: number,
  kept: readonly number[],
  times: Float64Array,
  lineOf: (row: number) => number,
  step: number,
  given: boolean,
): BadInputError {
  const before = kept[kept.indexOf(row) - 1]!;
  return new BadInputError(
    `Row ${lineOf(row)} (${spellTime(times[row]!)}) is not a whole number of steps of ${spellFrequency(step)} after the first row; the row before it is of ${spellTime(times[before]!)}.`,
    given
      ? 'Give the frequency that the rows have with --freq, or leave it out.'
      : 'Bring the series to a regular step (such as hourly means), or give its step with --freq. Months and quarters are no regular step.',
  );
}
