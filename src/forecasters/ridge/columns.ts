import { columnsReadBy } from '../../contracts/column-roles.ts';
import { issuesOf, type IssueTable } from '../../day-ahead/issue-table.ts';
import { issuesKnownBy } from '../cells.ts';

/** The columns that a ridge sees of a table, by name. */
export function ridgeColumns({ columns }: Pick<IssueTable, 'columns'>, without: readonly string[]): string[] {
  return columnsReadBy('ridge', columns)
    .map((i) => columns[i]!.name)
    .filter((name) => !without.includes(name));
}

/** The table with these columns alone, in their order; one that lacks some stays as it is. */
export function withColumns(table: IssueTable, names: readonly string[]): IssueTable {
  const { columns, features, base } = table;
  const places = new Map(columns.map(({ name }, c) => [name, c]));
  const kept = names.flatMap((name) => places.get(name) ?? []);
  if (kept.length < names.length || columns.length === names.length) return table;
  const cut = new Float32Array(base.length * kept.length);
  copyColumns(features, columns.length, Int32Array.from(kept), cut);
  return { ...table, columns: kept.map((c) => columns[c]!), features: cut };
}

function copyColumns(features: Float32Array, width: number, kept: Int32Array, into: Float32Array): void {
  const count = kept.length;
  for (let from = 0, to = 0; to < into.length; from += width, to += count) {
    for (let i = 0; i < count; i++) into[to + i] = features[from + kept[i]!]!;
  }
}

/**
 * The issues that have any cell known by a moment, with these columns alone and in memory of their own: it can be
 * handed to another thread.
 */
export function ownIssues(table: IssueTable, moment: number, names: readonly string[]): IssueTable {
  const known = issuesOf(table, { from: 0, to: issuesKnownBy(table, moment) });
  const cut = withColumns(known, names);
  const isOwn = (value: unknown) => value === cut.features && cut !== known;
  const entries = Object.entries(cut).map(([name, value]) => [
    name,
    ArrayBuffer.isView(value) && !isOwn(value) ? (value as Float64Array).slice() : value,
  ]);
  return Object.fromEntries(entries) as IssueTable;
}
