import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { BadInputError } from '../errors.ts';

/** The columns of a CSV file that were asked for, as text. */
export interface CsvTable {
  rows: number;
  /** The row's number in the file, the header being row 1. */
  lineOf(row: number): number;
  column(name: string): string[];
  /** Numbers are written with a comma: 1,5. */
  decimalComma: boolean;
}

const DELIMITERS = [',', ';', '\t', '|'];

export async function readCsv(path: string, names: readonly string[]): Promise<CsvTable> {
  return parseCsv(await readFile(path), names);
}

/** What the header names, in its order. */
export function columnNames(bytes: Buffer): string[] {
  const [first = ''] = bytes.subarray(0, 1_000_000).toString('utf8').split(/\r?\n/, 1);
  return recordsOf(Buffer.from(first), delimiterOf(first))[0] ?? [];
}

export function parseCsv(bytes: Buffer, names: readonly string[]): CsvTable {
  if (bytes.includes(0)) {
    throw new BadInputError('The file is not text: it holds zero bytes.', 'Give a CSV file in UTF-8.');
  }
  const delimiter = delimiterOf(bytes.subarray(0, 100_000).toString('utf8').split(/\r?\n/, 1)[0] ?? '');
  const [header = [], ...records] = recordsOf(bytes, delimiter);
  if (header.length === 0) {
    throw new BadInputError('The file holds blank lines alone.', 'Give one with a header and rows.');
  }
  requireReadable(bytes, names, header);
  const places = new Map(names.map((name) => [name, placeOf(name, header)]));
  if (records.length === 0)
    throw new BadInputError('The file has no rows.', 'Give one with rows below its header.');
  const short = records.findIndex(({ length }) => length !== header.length);
  if (short >= 0) {
    throw new BadInputError(
      `Row ${short + 2} has ${records[short]!.length} columns, the header ${header.length}.`,
      'Correct the row, or put quotes around text that holds the delimiter.',
    );
  }
  const column = (name: string) => records.map((record) => record[places.get(name)!]!);
  return {
    rows: records.length,
    lineOf: (row) => row + 2,
    column,
    decimalComma:
      delimiter !== ',' &&
      names.some((name) =>
        records.slice(0, 1000).some((record) => /^-?\d+,\d+$/.test(record[places.get(name)!]!)),
      ),
  };
}

/** Of a file in another encoding the plain ASCII columns can be used: it is refused where a name is not found. */
function requireReadable(bytes: Buffer, names: readonly string[], header: readonly string[]): void {
  if (names.every((name) => header.includes(name)) || isUtf8(bytes)) return;
  throw notUtf8();
}

const notUtf8 = (cause?: unknown) =>
  new BadInputError('The file is not text in UTF-8.', 'Save it as CSV in UTF-8.', { cause });

function recordsOf(bytes: Buffer, delimiter: string): string[][] {
  try {
    return parse(bytes, {
      bom: true,
      delimiter,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
    });
  } catch (error) {
    if (!isUtf8(bytes)) throw notUtf8(error);
    throw new BadInputError(
      `The file cannot be read as CSV: ${(error as Error).message}.`,
      'Correct the row, or quote it as RFC 4180 does.',
      { cause: error },
    );
  }
}

/** The one that the header has most of. */
function delimiterOf(header: string): string {
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

function placeOf(name: string, header: readonly string[]): number {
  const places = header.flatMap((each, place) => (each === name ? [place] : []));
  if (places.length === 1) return places[0]!;
  throw new BadInputError(
    places.length === 0
      ? `The file has no column ${name}.`
      : `The file has ${places.length} columns ${name}.`,
    places.length === 0 ? `It has ${header.slice(0, 40).join(', ')}.` : 'Name its columns apart.',
  );
}
