import { validateTable, type RawRows, type Rules, type ValidatedTable } from '../../src/validation/index.ts';

export const HOUR = 3600;
/** End of hour 0 of every made-up series: a Monday, 2018-01-01T01 UTC. */
export const START = Date.UTC(2018, 0, 1, 1) / 1000;

/** The end of an hour, in seconds since 1970 UTC. */
export const endOf = (hour: number) => START + hour * HOUR;

/** One grid row; without `availableAt` a series is known one hour after its end, a forecast a day before it. */
export interface Cell {
  series: string;
  hour: number;
  value: number;
  availableAt?: number;
}

export function rowsOf(cells: readonly Cell[]): RawRows {
  const labels = [...new Set(cells.map(({ series }) => series))].sort();
  return {
    length: cells.length,
    labels,
    series: Int32Array.from(cells, ({ series }) => labels.indexOf(series)),
    validAt: Float64Array.from(cells, ({ hour }) => endOf(hour)),
    value: Float64Array.from(cells, ({ value }) => value),
    availableAt: Float64Array.from(
      cells,
      ({ series, hour, availableAt }) =>
        availableAt ?? (series === 'DF' ? endOf(hour - 24) : endOf(hour + 1)),
    ),
  };
}

/** A series of consecutive hours from hour 0. */
export const hourly = (series: string, values: readonly number[]): Cell[] =>
  values.map((value, hour) => ({ series, hour, value }));

/** A load with the shape of a day and of a week, in MW: no two hours alike, no jump beyond 15 %. */
export function load(hour: number): number {
  const daily = Math.sin((2 * Math.PI * hour) / 24);
  const weekly = Math.cos((2 * Math.PI * hour) / 168);
  return 1000 + 200 * daily + 50 * weekly + (hour % 7);
}

export const loads = (hours: number) => Array.from({ length: hours }, (_unused, hour) => load(hour));

export const judge = (cells: readonly Cell[], rules?: Rules): ValidatedTable =>
  validateTable('PACW', rowsOf(cells), rules === undefined ? {} : { rules });

/** A column as plain values: null for NaN and −1. */
export function columnOf(table: ValidatedTable, name: string): (number | string | boolean | null)[] {
  const column = table.columns[name];
  if (!column) throw new Error(`no column ${name}`);
  switch (column.type) {
    case 'category':
      return Array.from(column.codes, (code) => (code < 0 ? null : column.labels[code]!));
    case 'bool':
      return Array.from(column.values, Boolean);
    default:
      return Array.from(column.values as ArrayLike<number | string | null>, (value) =>
        typeof value === 'number' && Number.isNaN(value) ? null : value,
      );
  }
}
