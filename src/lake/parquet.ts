import { access, stat } from 'node:fs/promises';
import { constants } from 'node:os';
import pl from 'nodejs-polars';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../errors.ts';
import { placeAtomically } from './atomic-write.ts';

const MICROSECONDS = 1e6;

/**
 * One column to write. `timestamp` values are seconds since 1970 UTC and are stored as microseconds with their
 * zone: naive ones would reach DuckDB without one. In `timestamp`, `f64` and `f32`, NaN becomes null. `category`
 * is text that repeats: `codes` point into `labels`, and −1 is null.
 */
export type ColumnInput =
  | { type: 'timestamp'; values: Float64Array }
  | { type: 'f64'; values: Float64Array }
  | { type: 'f32'; values: Float32Array }
  | { type: 'i32'; values: Int32Array }
  | { type: 'bool'; values: ArrayLike<boolean | number | null> }
  | { type: 'utf8'; values: (string | null)[] }
  | { type: 'category'; codes: Int32Array; labels: string[] };

/** Writes columns of equal length to one Parquet file, atomically; returns its number of rows. */
export async function writeColumns(path: string, columns: Record<string, ColumnInput>): Promise<number> {
  const frame = toFrame(columns);
  await writeFrame(path, frame);
  return frame.height;
}

export async function writeFrame(path: string, frame: pl.DataFrame): Promise<void> {
  await placeAtomically(path, async (temporary) => {
    try {
      frame.writeParquet(temporary, { compression: 'zstd' });
    } catch (error) {
      throw withSystemCode(error);
    }
  });
}

/** Rust names the system's error in its text only; the code is what tells a full disk from our own mistake. */
function withSystemCode(error: unknown): unknown {
  const number = Number(/\(os error (\d+)\)/.exec(String((error as Error).message))?.[1]);
  const code = Object.keys(constants.errno).find((name) => constants.errno[name as 'ENOSPC'] === number);
  return code === undefined ? error : Object.assign(new Error(code, { cause: error }), { code });
}

/** The bytes of a Parquet file: equal columns give equal bytes. */
export function toParquet(columns: Record<string, ColumnInput>): Buffer {
  return toFrame(columns).writeParquet({ compression: 'zstd' });
}

/** Columns of equal length as a polars frame. */
export function toFrame(columns: Record<string, ColumnInput>): pl.DataFrame {
  const lengths = Object.entries(columns).map(([name, column]) => [name, lengthOf(column)] as const);
  const odd = lengths.find(([, length]) => length !== lengths[0]?.[1]);
  if (odd) {
    throw new BadInputError(
      `Column ${odd[0]} has ${odd[1]} values where ${lengths[0]?.[0]} has ${lengths[0]?.[1]}.`,
      'Give columns of equal length.',
    );
  }
  return pl.DataFrame(Object.entries(columns).map(([name, column]) => toSeries(name, column)));
}

/** Reads a Parquet file, or only the named columns of it. */
export async function readFrame(path: string, columns?: readonly string[]): Promise<pl.DataFrame> {
  await requireFile(path);
  let frame: pl.DataFrame;
  try {
    frame = pl.readParquet(path, columns ? { columns: [...columns] } : {});
  } catch (error) {
    const absent = /unable to find column "([^"]+)"/.exec(String((error as Error).message))?.[1];
    throw absent === undefined ? corrupt(path, error) : lacksColumn(path, absent);
  }
  const absent = columns?.find((name) => !frame.columns.includes(name));
  if (absent !== undefined) throw lacksColumn(path, absent);
  return frame;
}

/** Reads the named columns (default: all) for access as typed arrays. */
export async function readColumns(path: string, columns?: readonly string[]): Promise<Columns> {
  return new Columns(await readFrame(path, columns));
}

/** A frame's columns as arrays of `rows` values; each accessor copies the column once, when it is called. */
export class Columns {
  readonly frame: pl.DataFrame;
  readonly rows: number;

  constructor(frame: pl.DataFrame) {
    this.frame = frame;
    this.rows = frame.height;
  }

  get names(): string[] {
    return this.frame.columns;
  }

  /** Any numeric or boolean column; null is NaN. */
  f64(name: string): Float64Array {
    const filled = this.frame.select(pl.col(name).cast(pl.Float64).fillNull(pl.lit(Number.NaN)));
    return filled.getColumn(name).toTypedArray() as Float64Array;
  }

  /** A timestamp column in seconds since 1970 UTC; null is NaN. */
  seconds(name: string): Float64Array {
    const microseconds = this.frame.select(
      pl
        .col(name)
        .cast(pl.Datetime('us', 'UTC'))
        .cast(pl.Int64)
        .cast(pl.Float64)
        .fillNull(pl.lit(Number.NaN)),
    );
    const values = microseconds.getColumn(name).toTypedArray() as Float64Array;
    for (let i = 0; i < values.length; i++) values[i] = values[i]! / MICROSECONDS;
    return values;
  }

  strings(name: string): (string | null)[] {
    const { codes, labels } = this.categories(name);
    return spelledOut(codes, labels);
  }

  /** Text that repeats, as codes into its distinct values; null is −1. */
  categories(name: string): { codes: Int32Array; labels: string[] } {
    const labels = this.frame.getColumn(name).dropNulls().unique().sort().toArray() as string[];
    if (labels.length === 0) return { codes: new Int32Array(this.rows).fill(-1), labels };
    const dictionary = pl.DataFrame([
      pl.Series(name, labels, pl.Utf8),
      pl.Series(
        '__code',
        Int32Array.from(labels, (_label, code) => code),
      ),
    ]);
    const joined = this.frame
      .select(name)
      .join(dictionary, { on: name, how: 'left', maintainOrder: 'left' } as never)
      .select(pl.col('__code').fillNull(pl.lit(-1)).cast(pl.Int32));
    return { codes: joined.getColumn('__code').toTypedArray() as Int32Array, labels };
  }

  booleans(name: string): (boolean | null)[] {
    return this.frame.getColumn(name).toArray() as (boolean | null)[];
  }
}

function toSeries(name: string, column: ColumnInput): pl.Series {
  switch (column.type) {
    case 'timestamp': {
      const microseconds = column.values.map((seconds) => seconds * MICROSECONDS);
      return nanToNull(pl.Series(name, microseconds), microseconds)
        .cast(pl.Int64)
        .cast(pl.Datetime('us', 'UTC'));
    }
    case 'f64':
    case 'f32':
      return nanToNull(pl.Series(name, column.values), column.values);
    case 'i32':
      return pl.Series(name, column.values);
    case 'bool':
      return pl.Series(
        name,
        Array.from(column.values, (value) => (value === null ? null : Boolean(value))),
        pl.Bool,
      );
    case 'utf8':
      return pl.Series(name, column.values, pl.Utf8);
    case 'category':
      return pl.Series(name, spelledOut(column.codes, column.labels), pl.Utf8);
  }
}

/** Building a polars expression costs more than looking through the values for a reason to. */
function nanToNull(series: pl.Series, values: Float64Array | Float32Array): pl.Series {
  if (!values.some(Number.isNaN)) return series;
  const { name } = series;
  return pl.DataFrame([series]).select(pl.col(name).fillNan(null).alias(name)).getColumn(name);
}

/** A plain loop: Array.from with a function takes twenty times as long. */
function spelledOut(codes: Int32Array, labels: readonly string[]): (string | null)[] {
  const values = new Array<string | null>(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = labels[codes[i]!] ?? null;
  return values;
}

const lengthOf = (column: ColumnInput) =>
  column.type === 'category' ? column.codes.length : column.values.length;

/** Asked before polars sees the path: of a missing file it says a Rust panic message. */
async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (!found?.isFile()) {
    throw new MissingDataError(`${path} is not there.`, 'Check the path, or run the stage that makes it.');
  }
  await access(path);
}

const lacksColumn = (path: string, column: string) =>
  new BadInputError(`${path} has no column ${column}.`, 'Give a file that has it.');

const corrupt = (path: string, error: unknown) =>
  new CorruptArtifactError(
    `${path} cannot be read as Parquet: it is damaged or of another format.`,
    'Delete it and run the stage that made it again, or restore it from a backup.',
    { cause: error },
  );
