import type { IssueColumn, IssueTable } from '../../day-ahead/issue-table.ts';

/** Seasons, by the date or by summer time. */
const SEASON = /^(year|summer_time)/;
/** How the operator sees the whole day; its errors there say more. */
const OPERATOR_PROFILE = /^operator_day_\d/;

/**
 * The columns that a ridge sees of a table. Where it learns the operator's relative errors: what is known of these, of
 * the weather and of the kind of day. Told of seasons and of past demand too it erred 2 % more in 2018, in four regions
 * of five.
 */
function isSeen(
  { name, group, profile }: IssueColumn,
  ofErrors: boolean,
  without: ReadonlySet<string>,
): boolean {
  if (without.has(name)) return false;
  if (!ofErrors) return true;
  if (group === 'calendar') return !SEASON.test(name);
  if (group === 'operator') return !(profile && OPERATOR_PROFILE.test(name));
  return group === 'weather';
}

export function ridgeColumns({ columns }: Pick<IssueTable, 'columns'>, without: readonly string[]): string[] {
  const ofErrors = columns.some(({ group }) => group === 'operator');
  const left = new Set(without);
  return columns.filter((column) => isSeen(column, ofErrors, left)).map(({ name }) => name);
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
