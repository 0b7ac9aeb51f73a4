import { DEMAND_DELAY_HOURS } from '../backtest/protocol.ts';
import { HOUR_SECONDS } from '../contracts/hour.ts';
import type { IssueTable } from '../day-ahead/issue-table.ts';
import { BadInputError } from '../errors.ts';

/** From an hour's end to the moment its demand is known, seconds. */
export const PUBLICATION_DELAY = DEMAND_DELAY_HOURS * HOUR_SECONDS;

/** Whether the outcome of a cell could be known at a moment, and is a number to learn from. */
export function isKnown(table: IssueTable, cell: number, moment: number): boolean {
  return (
    table.validAt[cell]! + PUBLICATION_DELAY <= moment && table.actual[cell]! > 0 && table.base[cell]! > 0
  );
}

/** What is learnt: ln(actual/base). MAPE is its mean absolute error, nearly, so its median is what to aim at. */
export const logRatio = (table: IssueTable, cell: number) =>
  Math.log(table.actual[cell]! / table.base[cell]!);

/** The latest target hour of cells, seconds: what their ages are counted from. */
export const newestOf = (cells: readonly (readonly [IssueTable, number])[]) =>
  cells.reduce((newest, [table, cell]) => Math.max(newest, table.validAt[cell]!), -Infinity);

/** The issues that have any cell known by a moment, as a count from the first. */
export function issuesKnownBy(table: IssueTable, moment: number): number {
  const { horizon, issuedAt } = table;
  let count = issuedAt.length;
  while (count > 0 && table.validAt[(count - 1) * horizon]! + PUBLICATION_DELAY > moment) count--;
  return count;
}

/** Where a model knows its columns by number, other columns would be read as if they were those. */
export function requireColumns(table: IssueTable, columns: readonly string[], model: string): void {
  const given = table.columns.map(({ name }) => name);
  if (given.length === columns.length && given.every((name, i) => name === columns[i])) return;
  const missing = columns.filter((name) => !given.includes(name));
  const extra = given.filter((name) => !columns.includes(name));
  const parts = [
    missing.length > 0 ? `it lacks ${missing.slice(0, 5).join(', ')}` : '',
    extra.length > 0 ? `it has ${extra.slice(0, 5).join(', ')} besides` : '',
  ].filter((part) => part !== '');
  throw new BadInputError(
    `The table of ${table.region} has other columns than ${model} was fitted on: ${parts.join('; ') || 'their order differs'}.`,
    'Make the table with the settings of the fit, or fit again.',
  );
}

/** Refuses tables that cannot be one fit's. */
export function requireTables(tables: readonly IssueTable[]): void {
  if (tables.length === 0) {
    throw new BadInputError('There is no region to fit on.', 'Give at least one region.');
  }
  const names = tables.map(({ region }) => region);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new BadInputError(`The region ${twice} is given twice.`, 'Give each region once.');
  }
  const { horizon } = tables[0]!;
  const odd = tables.find((table) => table.horizon !== horizon);
  if (odd) {
    throw new BadInputError(
      `${odd.region} has ${odd.horizon} target hours an issue, ${names[0]} has ${horizon}.`,
      'Make the tables with the same settings.',
    );
  }
}
