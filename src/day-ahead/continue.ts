import { HOUR_SECONDS } from '../contracts/time.ts';
import { dated, unchangedRows } from '../features/unchanged-rows.ts';
import type { ValidatedRows } from '../features/validated-rows.ts';
import { buildIssueTable, DAY_HOURS, type IssueTableOptions } from './build.ts';
import { issuesOf, joinIssues, type IssueRange, type IssueTable } from './issue-table.ts';

/** A table with what it was made from. */
export interface MadeTable {
  rows: ValidatedRows;
  options: IssueTableOptions;
  table: IssueTable;
}

/**
 * What `buildIssueTable` makes, to the bit, with the issues of an earlier table in it that rest on the same hours: they
 * are most of it where a process forecasts day by day. A revised hour makes every issue anew that may have seen it.
 */
export function continueIssueTable(
  before: MadeTable | undefined,
  rows: ValidatedRows,
  options: IssueTableOptions,
): MadeTable {
  const kept = before && unchangedIssues(before, rows, options);
  if (!kept || kept.to <= kept.from) return { rows, options, table: buildIssueTable(rows, options) };
  const { validAt } = before.table;
  const firstHour = validAt[kept.to * DAY_HOURS - 1]! + HOUR_SECONDS;
  const table = joinIssues(issuesOf(before.table, kept), buildIssueTable(rows, { ...options, firstHour }));
  return { rows, options, table };
}

/** The issues of a table that begin the next one as they are. */
function unchangedIssues(
  { rows: old, options: made, table: { validAt } }: MadeTable,
  rows: ValidatedRows,
  options: IssueTableOptions,
): IssueRange {
  const none = { from: 0, to: 0 };
  if (!sameColumns(made, options)) return none;
  const { firstHour, lastHour } = options;
  const firstOf = (issue: number) => validAt[issue * DAY_HOURS]!;
  const lastOf = (issue: number) => validAt[(issue + 1) * DAY_HOURS - 1]!;
  const issues = validAt.length / DAY_HOURS;
  let from = 0;
  while (from < issues && firstOf(from) < firstHour) from++;
  // The first day that the next table has must be this one's too.
  if (from === issues || firstOf(from) >= firstHour + DAY_HOURS * HOUR_SECONDS) return none;
  // No column looks further ahead than to the hour after the day: what the operator says of it.
  const changedAt = rows.first + (unchangedRows(old, rows, tableSeries) - 1) * HOUR_SECONDS;
  let to = from;
  while (to < issues && lastOf(to) < changedAt && lastOf(to) <= lastHour) to++;
  return { from, to };
}

const sameColumns = (one: IssueTableOptions, other: IssueTableOptions) =>
  one.issueHourLocal === other.issueHourLocal &&
  one.standardOffsetHours === other.standardOffsetHours &&
  one.timeZone === other.timeZone &&
  one.operator === other.operator &&
  one.weather === other.weather &&
  one.contextHours === other.contextHours;

/** What a table is made from. */
const tableSeries = ({ demand, demandFinal, forecast }: ValidatedRows) => [
  demand,
  demandFinal,
  ...dated(forecast),
];
