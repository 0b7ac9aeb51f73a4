import { columnsReadBy } from '../../contracts/column-roles.ts';
import type { IssueTable } from '../../day-ahead/issue-table.ts';

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
  for (let cell = 0; cell < base.length; cell++) {
    for (let i = 0; i < kept.length; i++) {
      cut[cell * kept.length + i] = features[cell * columns.length + kept[i]!]!;
    }
  }
  return { ...table, columns: kept.map((c) => columns[c]!), features: cut };
}
