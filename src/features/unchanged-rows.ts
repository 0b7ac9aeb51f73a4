import type { DatedSeries } from './alignment.ts';
import type { ValidatedRows } from './validated-rows.ts';

type Series = readonly Float64Array[];

/** How many rows two records of a region begin with that are the same, to the bit, in these series of theirs. */
export function unchangedRows(
  one: ValidatedRows,
  other: ValidatedRows,
  seriesOf: (rows: ValidatedRows) => Series,
): number {
  if (one.region !== other.region || one.first !== other.first) return 0;
  const [before, after] = [seriesOf(one), seriesOf(other)];
  if (before.length !== after.length) return 0;
  return before.reduce((least, values, i) => alike(values, after[i]!, least), Infinity);
}

/** All that features are made from; fuels that two records have not both are told apart by their number. */
export function featureSeries({ demand, forecast, generation, solar, wind, fuels }: ValidatedRows): Series {
  const stems = [...fuels.keys()].sort();
  return [
    demand,
    ...[forecast, generation, solar, wind, ...stems.map((stem) => fuels.get(stem)!)].flatMap(dated),
  ];
}

export const dated = ({ values, availableAt }: DatedSeries): Series => [values, availableAt];

function alike(a: Float64Array, b: Float64Array, most: number): number {
  const length = Math.min(a.length, b.length, most);
  for (let i = 0; i < length; i++) if (!Object.is(a[i], b[i])) return i;
  return length;
}
