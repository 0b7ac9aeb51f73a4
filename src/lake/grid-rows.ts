import type { ArtifactReference } from '../contracts/artifact.ts';
import type { RegionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS } from '../contracts/time.ts';
import { writeContent } from './artifacts.ts';
import type { Home } from './home.ts';
import { readColumns, toParquet } from './parquet.ts';

export const AVAILABLE_BASES = ['assumed', 'observed'] as const;
export type AvailableBasis = (typeof AVAILABLE_BASES)[number];

const GRID_COLUMNS = ['valid_at', 'series', 'value_mw', 'available_at', 'available_basis'] as const;

/**
 * Rows of the lake's grid in columns: one row an hour, series and revision. Times are seconds since 1970 UTC,
 * `validAt` is the hour's end, `value` is MW and NaN where the source said null.
 */
export interface GridRows {
  length: number;
  labels: string[];
  /** Index into `labels`. */
  series: Int32Array;
  validAt: Float64Array;
  value: Float64Array;
  availableAt: Float64Array;
  /** Index into `AVAILABLE_BASES`. */
  basis: Int32Array;
}

/**
 * The year a row is filed under: that in which its hour begins, so that 2018 holds the hours ending
 * 2018-01-01T01 to 2019-01-01T00, the same hours that the date bound `2018` means.
 */
export const yearOf = (validAt: number) => new Date((validAt - HOUR_SECONDS) * 1000).getUTCFullYear();

/**
 * The rows in the order in which they are stored: by series, hour, and the time they became known. A counting
 * sort over (series, hour), because a year of hours comes nearly sorted and a comparison sort costs as much as
 * parsing the replies.
 */
export function sortRows(rows: GridRows): GridRows {
  const labels = [...rows.labels].sort();
  const rank = Int32Array.from(rows.labels, (label) => labels.indexOf(label));
  let first = Infinity;
  let last = -Infinity;
  for (const hour of rows.validAt) {
    first = Math.min(first, hour);
    last = Math.max(last, hour);
  }
  const hours = rows.length === 0 ? 0 : (last - first) / HOUR_SECONDS + 1;
  const keys = rows.series.map((code, i) => rank[code]! * hours + (rows.validAt[i]! - first) / HOUR_SECONDS);
  const next = new Uint32Array(labels.length * hours + 1);
  for (const key of keys) next[key + 1]! += 1;
  for (let key = 1; key < next.length; key++) next[key]! += next[key - 1]!;
  const order = new Uint32Array(rows.length);
  keys.forEach((key, i) => (order[next[key]!++] = i));
  orderRevisions(order, keys, rows.availableAt);
  const sorted = pick(rows, order);
  return { ...sorted, labels, series: sorted.series.map((code) => rank[code]!) };
}

/** Revisions of one hour are few: insertion puts them in the order in which they became known. */
function orderRevisions(order: Uint32Array, keys: Int32Array, availableAt: Float64Array): void {
  for (let end = 1; end < order.length; end++) {
    const row = order[end]!;
    let at = end;
    for (; at > 0; at--) {
      const before = order[at - 1]!;
      if (keys[before] !== keys[row] || availableAt[before]! <= availableAt[row]!) break;
      order[at] = before;
    }
    order[at] = row;
  }
}

/** The rows whose hour ends between two moments, both included; `rows` itself where that is all of them. */
export function rowsBetween(rows: GridRows, from: number, to: number): GridRows {
  return rowsWhere(rows, (i) => rows.validAt[i]! >= from && rows.validAt[i]! <= to);
}

/** The rows that were known at a moment; `rows` itself where that is all of them. */
export function rowsKnownAt(rows: GridRows, moment: number): GridRows {
  return rowsWhere(rows, (i) => rows.availableAt[i]! <= moment);
}

function rowsWhere(rows: GridRows, holds: (i: number) => boolean): GridRows {
  const inside: number[] = [];
  for (let i = 0; i < rows.length; i++) if (holds(i)) inside.push(i);
  return inside.length === rows.length ? rows : pick(rows, inside);
}

function pick(rows: GridRows, index: ArrayLike<number>): GridRows {
  const picked: GridRows = {
    length: index.length,
    labels: rows.labels,
    series: new Int32Array(index.length),
    validAt: new Float64Array(index.length),
    value: new Float64Array(index.length),
    availableAt: new Float64Array(index.length),
    basis: new Int32Array(index.length),
  };
  // A plain loop: TypedArray.from with a function takes ten times as long.
  for (let to = 0; to < index.length; to++) {
    const from = index[to]!;
    picked.series[to] = rows.series[from]!;
    picked.validAt[to] = rows.validAt[from]!;
    picked.value[to] = rows.value[from]!;
    picked.availableAt[to] = rows.availableAt[from]!;
    picked.basis[to] = rows.basis[from]!;
  }
  return picked;
}

/** Writes sorted rows to `grid/region=R/year=Y/<hash>.parquet`: equal rows are the same file. */
export async function writeGridFile(
  home: Home,
  region: RegionCode,
  year: number,
  rows: GridRows,
): Promise<ArtifactReference> {
  const content = toParquet({
    valid_at: { type: 'timestamp', values: rows.validAt },
    series: { type: 'category', codes: rows.series, labels: rows.labels },
    value_mw: { type: 'f64', values: rows.value },
    available_at: { type: 'timestamp', values: rows.availableAt },
    available_basis: { type: 'category', codes: rows.basis, labels: [...AVAILABLE_BASES] },
  });
  const reference = await writeContent(home, `grid/region=${region}/year=${year}`, 'parquet', content);
  return { ...reference, rows: rows.length };
}

export async function readGridFile(path: string): Promise<GridRows> {
  const columns = await readColumns(path, GRID_COLUMNS);
  const { codes: series, labels } = columns.categories('series');
  const basis = columns.categories('available_basis');
  const recode = basis.labels.map((label) => AVAILABLE_BASES.indexOf(label as AvailableBasis));
  return {
    length: columns.rows,
    labels,
    series,
    validAt: columns.seconds('valid_at'),
    value: columns.f64('value_mw'),
    availableAt: columns.seconds('available_at'),
    basis: basis.codes.map((code) => recode[code]!),
  };
}
