import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import pl from 'nodejs-polars';
import { BadInputError, MissingDataError } from '../errors.ts';
import { readFrame } from '../lake/parquet.ts';
import { SERIES } from './config.ts';
import { REQUIRED_COLUMNS } from './engineer.ts';

/** Gaps, as EIA's own tables and their collections write them. */
const GAPS = ['', 'MISSING', 'EMPTY', 'NA', 'NaN', 'null'];

/**
 * Reads a six-column file, Parquet or CSV (also gzipped), typed: timestamps UTC, series float64. A CSV's timestamps
 * are ISO 8601; without an offset they are taken as UTC.
 * @throws MissingDataError when the file is not there
 * @throws BadInputError on another extension, missing columns, or text where a number or a time should be
 */
export async function readSixColumns(path: string): Promise<pl.DataFrame> {
  if (path.endsWith('.parquet')) return readFrame(path);
  if (!/\.csv(\.gz)?$/.test(path)) {
    throw new BadInputError(`${path} is neither Parquet nor CSV.`, 'Give a .parquet, .csv or .csv.gz file.');
  }
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new MissingDataError(`${path} is not there.`, 'Check the path.');
  });
  return typed(readText(path, path.endsWith('.gz') ? gunzipSync(bytes) : bytes), path);
}

function readText(path: string, bytes: Buffer): pl.DataFrame {
  try {
    return pl.readCSV(bytes, { inferSchemaLength: 0 });
  } catch (error) {
    throw new BadInputError(`${path} cannot be read as CSV.`, 'Check its header and delimiters.', {
      cause: error,
    });
  }
}

/** Text columns as what they have to be; columns that features do not know stay text and are left out by them. */
function typed(frame: pl.DataFrame, path: string): pl.DataFrame {
  const missing = REQUIRED_COLUMNS.filter((name) => !frame.columns.includes(name));
  if (missing.length) {
    throw new BadInputError(
      `${path} has no column ${missing.join(', ')} (it has ${frame.columns.join(', ')}).`,
      `Give the columns ${REQUIRED_COLUMNS.join(', ')}; a series that is not known may be empty.`,
    );
  }
  const numbers = frame.columns.filter(
    (name) => (SERIES as readonly string[]).includes(name) || /^(operator_|fuel_|weather_)/.test(name),
  );
  const read = (name: string, parse: (text: string) => number) => {
    const texts = frame.getColumn(name).toArray() as (string | null)[];
    return Float64Array.from(texts, (text, row) => {
      const trimmed = text?.trim() ?? '';
      if (GAPS.includes(trimmed)) return Number.NaN;
      const value = parse(trimmed);
      if (Number.isFinite(value)) return value;
      throw new BadInputError(
        `${path} has "${trimmed.slice(0, 40)}" as ${name} in data row ${row + 1}.`,
        'Correct or empty that cell.',
      );
    });
  };
  const microseconds = read('timestamp', parseUtc).map((value) => value * 1000);
  return frame
    .withColumns(
      pl.Series('timestamp', microseconds),
      ...numbers.map((name) => pl.Series(name, read(name, Number))),
    )
    .withColumns(
      pl.col('timestamp').fillNan(pl.lit(null)).cast(pl.Int64).cast(pl.Datetime('us', 'UTC')),
      ...numbers.map((name) => pl.col(name).fillNan(pl.lit(null))),
    );
}

/** Milliseconds since 1970; NaN for what is no ISO 8601 time. */
function parseUtc(text: string): number {
  const [, date, time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}(?::\d{2}(?::\d{2}(?:\.\d+)?)?)?))?(Z|[+-]\d{2}:?\d{2})?$/.exec(text) ??
    [];
  if (!date) return Number.NaN;
  return Date.parse(`${date}T${time.length === 2 ? `${time}:00` : time}${zone}`);
}
