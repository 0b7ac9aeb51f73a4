import { BadInputError, quoted } from '../../errors.ts';

/** Rows of numbers, or columns by name; text is a category. A missing value is null, undefined or NaN. */
export type TableInput = readonly ArrayLike<number>[] | Readonly<Record<string, ArrayLike<unknown>>>;

export type Column =
  | { name: string; type: 'number'; values: Float64Array }
  | { name: string; type: 'category'; values: (string | null)[] };

export interface Table {
  rows: number;
  columns: Column[];
}

/** Columns are named as given, else `x1`, `x2` … */
export function tableOf(input: TableInput, what: string, names?: readonly string[]): Table {
  const columns = Array.isArray(input)
    ? columnsOfRows(input as readonly ArrayLike<number>[], what, names)
    : Object.entries(input as Record<string, ArrayLike<unknown>>).map(([name, values]) =>
        columnOf(name, values, what),
      );
  const rows = columns[0]?.values.length ?? 0;
  if (columns.length === 0 || rows < 2) {
    throw new BadInputError(
      columns.length === 0
        ? `There are no columns in ${what}.`
        : `There ${rows === 1 ? 'is 1 row' : `are ${rows} rows`} in ${what}.`,
      'Give at least two rows of at least one column.',
    );
  }
  const odd = columns.find(({ values }) => values.length !== rows);
  if (odd) {
    throw new BadInputError(
      `In ${what} the column ${quoted(odd.name)} has ${odd.values.length} values and the first one ${rows}.`,
      'Give columns of equal length.',
    );
  }
  return { rows, columns };
}

/** The columns of a reference in its order; refuses a table that lacks one or has it of another type. */
export function alike(table: Table, reference: Table, what: string): Table {
  const columns = reference.columns.map(({ name, type }) => {
    const found = table.columns.find((column) => column.name === name);
    if (found?.type === type) return found;
    // Without a single value a column says nothing of its type.
    if (found && type === 'category' && found.values.every((value) => Number.isNaN(value))) {
      return { name, type, values: Array.from<null>({ length: table.rows }).fill(null) };
    }
    throw new BadInputError(
      found
        ? `In ${what} the column ${quoted(name)} holds ${found.type === 'number' ? 'numbers' : 'text'}, in the reference ${type === 'number' ? 'numbers' : 'text'}.`
        : `There is no column ${quoted(name)} in ${what}.`,
      `Give the columns of the reference: ${reference.columns.map((column) => column.name).join(', ')}.`,
    );
  });
  return { rows: table.rows, columns };
}

export function columnOf(name: string, values: ArrayLike<unknown>, what: string): Column {
  const given = Array.from(values);
  const isMissing = (value: unknown) => value === null || value === undefined || Number.isNaN(value);
  if (given.every((value) => isMissing(value) || typeof value === 'number')) {
    const numbers = Float64Array.from(given, (value) => (isMissing(value) ? Number.NaN : (value as number)));
    const infinite = numbers.find((value) => Math.abs(value) === Infinity);
    if (infinite === undefined) return { name, type: 'number', values: numbers };
    throw new BadInputError(
      `In ${what} the column ${quoted(name)} holds ${infinite}.`,
      'Give finite numbers; leave out what is missing.',
    );
  }
  const asText = (value: unknown) => (isMissing(value) ? null : String(value));
  return { name, type: 'category', values: given.map(asText) };
}

function columnsOfRows(
  rows: readonly ArrayLike<number>[],
  what: string,
  names: readonly string[] | undefined,
): Column[] {
  const width = rows[0]?.length ?? 0;
  const odd = rows.findIndex((row) => row.length !== width);
  if (odd >= 0) {
    throw new BadInputError(
      `Row ${odd + 1} of ${what} has ${rows[odd]!.length} values and the first one ${width}.`,
      'Give rows of equal length.',
    );
  }
  if (names && names.length !== width) {
    throw new BadInputError(
      `There are ${names.length} names for the ${width} columns of ${what}.`,
      'Name each column once.',
    );
  }
  return Array.from({ length: width }, (_, c) =>
    columnOf(
      names?.[c] ?? `x${c + 1}`,
      rows.map((row) => row[c]),
      what,
    ),
  );
}

/** The numbers of a column that are there. */
export const present = (values: Float64Array): Float64Array => values.filter((value) => !Number.isNaN(value));
