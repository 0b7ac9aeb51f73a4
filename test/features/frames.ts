import assert from 'node:assert/strict';
import pl from 'nodejs-polars';

export interface FrameOptions {
  region?: string;
  /** The first hour's end. */
  start?: string;
  hours: number;
  /** Value of a series at an hour; null is one. */
  value?: (series: string, hour: number) => number | null;
  /** Hours left out, as a gap. */
  without?: readonly number[];
}

export const SERIES = ['demand_mw', 'generation_mw', 'solar_mw', 'wind_mw'] as const;

/** Some numbers that repeat neither by day nor by week. */
export const plausible = (series: string, hour: number): number =>
  Math.round(
    1000 * (1 + SERIES.indexOf(series as never)) +
      300 * Math.sin(hour / 3.8) +
      50 * Math.sin(hour * hour) +
      hour / 10,
  );

/** A six-column frame of one region. */
export function sixColumns({
  region = 'PACW',
  start = '2019-03-01T01',
  hours,
  value,
  without,
}: FrameOptions) {
  const first = Date.parse(`${start}:00:00Z`);
  const kept = Array.from({ length: hours }, (_, i) => i).filter((i) => !without?.includes(i));
  const series = SERIES.map((name) =>
    pl.Series(
      name,
      kept.map((i) => (value ?? plausible)(name, i)),
      pl.Float64,
    ),
  );
  return pl
    .DataFrame([
      pl.Series(
        'timestamp',
        Float64Array.from(kept, (i) => (first + i * 3_600_000) * 1000),
      ),
      pl.Series(
        'region',
        kept.map(() => region),
        pl.Utf8,
      ),
      ...series,
    ])
    .withColumns(pl.col('timestamp').cast(pl.Int64).cast(pl.Datetime('us', 'UTC')));
}

/** A column's values; null stays null. */
export const values = (frame: pl.DataFrame, name: string) =>
  frame.getColumn(name).toArray() as (number | string | null)[];

/** Asserts that two frames' first rows are equal in every column, null for null. */
export function assertSameRows(found: pl.DataFrame, wanted: pl.DataFrame, rows: number): void {
  const [first, second] = [found.slice(0, rows), wanted.slice(0, rows)];
  assert.equal(first.height, rows);
  if (!first.frameEqual(second, true)) assert.deepEqual(columnsOf(first), columnsOf(second));
}

const columnsOf = (frame: pl.DataFrame) =>
  Object.fromEntries(frame.columns.map((name) => [name, frame.getColumn(name).toArray() as unknown[]]));
