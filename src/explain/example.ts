import type { ColumnChange } from '../contracts/explain.ts';
import type { IssueTable } from '../day-ahead/issue-table.ts';

/** Degrees that a day is made warmer by. */
const WARMER = 3;

/** The issue of a table that saw the highest demand: the forecast that mattered most. */
export function peakIssue({ actual, horizon }: IssueTable): number {
  let peak = 0;
  actual.forEach((mw, cell) => {
    if (mw > (actual[peak] ?? 0) || !(actual[peak]! > 0)) peak = mw > 0 ? cell : peak;
  });
  return Math.floor(peak / horizon);
}

/** A what-if that anybody understands: a warmer day where the weather is known, else a holiday, or none of one. */
export function exampleChange(table: IssueTable, issue: number): ColumnChange[] {
  const { columns, features, horizon } = table;
  const at = (name: string) => {
    const c = columns.findIndex((column) => column.name === name);
    return c < 0 ? Number.NaN : features[issue * horizon * columns.length + c]!;
  };
  if (Number.isFinite(at('temperature_c'))) return [{ column: 'temperature_c', how: 'add', value: WARMER }];
  const holiday = at('holiday');
  return Number.isFinite(holiday) ? [{ column: 'holiday', how: 'set', value: holiday > 0 ? 0 : 1 }] : [];
}
