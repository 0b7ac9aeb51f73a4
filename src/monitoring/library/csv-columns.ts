import { readFile } from 'node:fs/promises';
import { BadInputError } from '../../errors.ts';
import { columnNames, parseCsv, type CsvTable } from '../../series/csv-table.ts';

const MISSING = new Set(['', 'NA', 'NaN', 'nan', 'null', 'None']);

/** Every column of a CSV file: numbers where all that is there are numbers, else text. */
export async function csvColumns(path: string): Promise<Record<string, (number | string | null)[]>> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new BadInputError(`${path} cannot be read: ${error.message}.`, 'Name a CSV file.');
  });
  try {
    const names = columnNames(bytes);
    const table = parseCsv(bytes, names);
    // Not by assignment: a column may be called `__proto__`.
    return Object.fromEntries(names.map((name) => [name, valuesOf(table, name)]));
  } catch (error) {
    if (!(error instanceof BadInputError)) throw error;
    throw new BadInputError(`${path}: ${error.message}`, error.cure, { cause: error });
  }
}

function valuesOf(table: CsvTable, name: string): (number | string | null)[] {
  const cells = table.column(name).map((cell) => (MISSING.has(cell) ? null : cell));
  const plain = (cell: string) => Number(table.decimalComma ? cell.replace(',', '.') : cell);
  // What is beyond all numbers is a number all the same, and is refused as one.
  const isNumeric = cells.every((cell) => cell === null || !Number.isNaN(plain(cell)));
  return isNumeric ? cells.map((cell) => (cell === null ? null : plain(cell))) : cells;
}
