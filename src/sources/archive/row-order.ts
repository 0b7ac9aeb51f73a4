import { NO_VALUE } from './grid-file.ts';
import type { Line } from './store.ts';

/** A column that rows can be sorted by: the period, the value, or one of the two facets of the route. */
export interface SortKey {
  column: 'period' | 'value' | 'region' | 'code';
  descending: boolean;
}

/** The rows a request selects, in its order, without holding them. */
export interface OrderedRows {
  total: number;
  /** Calls `visit` for `length` rows from `offset` on, fewer at the end. */
  page(offset: number, length: number, visit: (line: Line, hour: number) => void): void;
}

/**
 * Sorts rows by enumeration: every line is a range of hours, so the row at an offset is found by counting, and a page
 * costs no more at the end than at the start. Only a sort by value has to look at all rows.
 */
export function orderRows(lines: readonly Line[], sort: readonly SortKey[], seed: number): OrderedRows {
  if (sort.length === 0) return scattered(lines, seed);
  if (sort.some(({ column }) => column === 'value')) return sortedByComparison(lines, sort);
  const at = sort.findIndex(({ column }) => column === 'period');
  const before = at < 0 ? sort : sort.slice(0, at);
  const within = at < 0 ? [] : sort.slice(at + 1);
  const groups: Line[][] = [];
  for (const line of lines.toSorted((a, b) => compareFacets(a, b, [...before, ...within]))) {
    const last = groups.at(-1);
    if (last && compareFacets(last[0]!, line, before) === 0) last.push(line);
    else groups.push([line]);
  }
  return concatenated(groups.map((group) => byPeriod(group, at >= 0 && sort[at]!.descending)));
}

/** The real host gives rows in no stable order unless asked for one: another one at every request. */
function scattered(lines: readonly Line[], seed: number): OrderedRows {
  const total = countRows(lines);
  const stride = coprimeNear(Math.floor(total * 0.618), total);
  return {
    total,
    page(offset, length, visit) {
      for (let row = offset; row < Math.min(offset + length, total); row++) {
        let index = (row * stride + seed * 7919) % total;
        for (const line of lines) {
          const rows = line.to - line.from;
          if (index < rows) {
            visit(line, line.from + index);
            break;
          }
          index -= rows;
        }
      }
    },
  };
}

function byPeriod(lines: readonly Line[], descending: boolean): OrderedRows {
  const total = countRows(lines);
  const first = Math.min(...lines.map(({ from }) => from));
  const last = Math.max(...lines.map(({ to }) => to)) - 1;
  const hourAt = (step: number) => (descending ? last - step : first + step);
  const rowsBefore = (step: number) => {
    const hour = hourAt(step);
    let rows = 0;
    for (const { from, to } of lines) {
      rows += descending
        ? Math.max(0, to - Math.max(from, hour + 1))
        : Math.max(0, Math.min(to, hour) - from);
    }
    return rows;
  };
  return {
    total,
    page(offset, length, visit) {
      if (offset >= total) return;
      let [low, high] = [0, last - first];
      while (low < high) {
        const middle = (low + high + 1) >>> 1;
        if (rowsBefore(middle) <= offset) low = middle;
        else high = middle - 1;
      }
      let skip = offset - rowsBefore(low);
      let left = length;
      for (let step = low; step <= last - first && left > 0; step++) {
        const hour = hourAt(step);
        for (const line of lines) {
          if (hour < line.from || hour >= line.to) continue;
          if (skip > 0) skip--;
          else if (left-- > 0) visit(line, hour);
          else return;
        }
      }
    },
  };
}

function concatenated(parts: readonly OrderedRows[]): OrderedRows {
  return {
    total: parts.reduce((sum, { total }) => sum + total, 0),
    page(offset, length, visit) {
      let [start, left] = [offset, length];
      for (const part of parts) {
        const taken = Math.min(left, Math.max(0, part.total - start));
        if (taken > 0) part.page(start, taken, visit);
        left -= taken;
        start = Math.max(0, start - part.total);
      }
    },
  };
}

function sortedByComparison(lines: readonly Line[], sort: readonly SortKey[]): OrderedRows {
  const rows = lines.flatMap((line) =>
    Array.from({ length: line.to - line.from }, (_, index) => ({ line, hour: line.from + index })),
  );
  rows.sort((a, b) => {
    for (const { column, descending } of sort) {
      const difference =
        column === 'period'
          ? a.hour - b.hour
          : column === 'value'
            ? a.line.values[a.hour]! - b.line.values[b.hour]!
            : compareText(a.line[column], b.line[column]);
      if (difference !== 0) return descending ? -difference : difference;
    }
    return 0;
  });
  return {
    total: rows.length,
    page(offset, length, visit) {
      for (const { line, hour } of rows.slice(offset, offset + length)) visit(line, hour);
    },
  };
}

function compareFacets(a: Line, b: Line, keys: readonly SortKey[]): number {
  for (const { column, descending } of keys) {
    if (column !== 'region' && column !== 'code') continue;
    const difference = compareText(a[column], b[column]);
    if (difference !== 0) return descending ? -difference : difference;
  }
  return 0;
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const countRows = (lines: readonly Line[]) => lines.reduce((sum, { from, to }) => sum + to - from, 0);

function coprimeNear(start: number, modulus: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let candidate = Math.max(1, start);
  while (divisor(candidate, modulus) > 1) candidate++;
  return candidate;
}

/** The lines cut to the hours from the first to the last, both included; those without any are left out. */
export function clip(lines: readonly Line[], first: number, last: number): Line[] {
  return lines
    .map((line) => ({ ...line, from: Math.max(line.from, first), to: Math.min(line.to, last + 1) }))
    .filter(({ from, to }) => from < to);
}

export const valueAt = (line: Line, hour: number): number | null =>
  line.values[hour] === NO_VALUE ? null : line.values[hour]!;
