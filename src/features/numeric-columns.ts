import pl from 'nodejs-polars';

/** Columns as float64, null as NaN: one expression for all, since every expression and wrapper costs its own. */
export function numericColumns(frame: pl.DataFrame, names: readonly string[]): Float64Array[] {
  if (names.length === 0) return [];
  const filled = frame.select(
    pl
      .cols([...names])
      .cast(pl.Float64)
      .fillNull(pl.lit(Number.NaN)),
  );
  return names.map((name) => filled.getColumn(name).toTypedArray() as Float64Array);
}

/** The names of the columns that hold numbers, as the frame has them. */
export function numericNames(frame: pl.DataFrame): string[] {
  const { dtypes, columns } = frame;
  return columns.filter((_name, i) => /Int|Float|Decimal/.test(String(dtypes[i])));
}
