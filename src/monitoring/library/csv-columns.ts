import { readFile } from 'node:fs/promises';
import { BadInputError } from '../../errors.ts';
import { columnNames, parseCsv } from '../../series/csv-table.ts';

const MISSING = new Set(['', 'NA', 'NaN', 'nan', 'null', 'None']);

/** Every column of a CSV file: numbers where all that is there are numbers, else text. */
export async function csvColumns(path: string): Promise<Record<string, (number | string | null)[]>> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new BadInputError(`${path} cannot be read: ${error.message}.`, 'Name a CSV file.');
  });
  const names = columnNames(bytes);
  const table = parseCsv(bytes, names);
  const columns: Record<string, (number | string | null)[]> = {};
  for (const name of names) {
    const cells = table.column(name).map((cell) => (MISSING.has(cell) ? null : cell));
    const plain = (cell: string) => Number(table.decimalComma ? cell.replace(',', '.') : cell);
    const isNumeric = cells.every((cell) => cell === null || Number.isFinite(plain(cell)));
    columns[name] = isNumeric ? cells.map((cell) => (cell === null ? null : plain(cell))) : cells;
  }
  return columns;
}
