import type { ChangedColumn, ColumnChange } from '../contracts/explain.ts';
import type { IssueTable } from '../day-ahead/issue-table.ts';
import { BadInputError } from '../errors.ts';
import { follow } from './followers.ts';
import { nearNames } from './near-names.ts';

/** `temperature=+3`, `temperature=-3` and `temperature=*1.1` change what is there; `holiday=1` and `temperature==-3` replace it. */
export function parseChange(text: string): ColumnChange {
  const parts = /^([^=]+)=(=|\+|-|\*)?\s*(.+)$/.exec(text.trim());
  const [, column = '', sign, digits = ''] = parts ?? [];
  const number = digits.trim() === '' ? Number.NaN : Number(digits);
  // `+-3` is nobody's number.
  const doubled = (sign === '+' || sign === '-') && /^[+-]/.test(digits.trim());
  if (!parts || !Number.isFinite(number) || doubled) {
    throw new BadInputError(
      `"${text}" is no what-if.`,
      "Write column=value, or a change such as 'level_1d=+0.05', 'level_1d=-0.05' or 'level_1d=*1.1'; a negative value is 'level_1d==-0.05'.",
    );
  }
  if (sign === '*') return { column: column.trim(), how: 'multiply', value: number };
  if (sign === '+' || sign === '-') {
    return { column: column.trim(), how: 'add', value: sign === '-' ? -number : number };
  }
  return { column: column.trim(), how: 'set', value: number };
}

/** The same as text. */
export function spellChange({ column, how, value }: ColumnChange): string {
  if (how === 'set') return `${column}=${value < 0 ? '=' : ''}${value}`;
  if (how === 'multiply') return `${column}=*${value}`;
  return `${column}=${value < 0 ? '-' : '+'}${Math.abs(value)}`;
}

/**
 * Applies what-ifs, in their order, to one issue of a table: all its target hours alike, and what is computed from a
 * changed column with it. `seen` are the issues that the
 * forecaster learnt from: what leaves their range is told as a warning, for no model knows what happens there.
 */
export function applyChanges(
  table: IssueTable,
  issue: number,
  changes: readonly ColumnChange[],
  seen: IssueTable,
): { table: IssueTable; changes: ChangedColumn[]; warnings: string[] } {
  const { horizon } = table;
  const width = table.columns.length;
  const features = table.features.slice();
  const warnings: string[] = [];
  const byHand = new Set(changes.map(({ column }) => column));
  const told = changes.map((change): ChangedColumn => {
    const c = numberOf(table, change.column);
    const own = { ...table, features };
    const before = rangeOf(own, c, issue, issue + 1);
    if (!before && change.how !== 'set') {
      throw new BadInputError(
        `${change.column} has no value in this forecast of ${table.region}, so it cannot be changed by ${change.value}.`,
        `Give it one, such as '${spellChange({ ...change, how: 'set' })}', or explain another forecast.`,
      );
    }
    const hours = Array.from({ length: horizon }, (_, h) => (issue * horizon + h) * width + c);
    const was = hours.map((at) => features[at]!);
    for (const at of hours) features[at] = changed(features[at]!, change);
    const followed = follow(own, issue, change.column, was, byHand);
    const after = rangeOf(own, c, issue, issue + 1)!;
    const range = rangeOf(seen, c, 0, seen.issuedAt.length);
    const warning = leaving(table.region, change.column, after, range);
    if (warning) warnings.push(warning);
    return {
      ...change,
      before: before ?? { least: null, most: null },
      after,
      seen: range ?? null,
      followed,
    };
  });
  return { table: { ...table, features }, changes: told, warnings };
}

function changed(value: number, { how, value: by }: ColumnChange): number {
  if (how === 'set') return by;
  return how === 'add' ? value + by : value * by;
}

function numberOf({ columns, region }: IssueTable, name: string): number {
  const names = columns.map((column) => column.name);
  const at = names.indexOf(name);
  if (at >= 0) return at;
  throw new BadInputError(
    `The forecast of ${region} knows no column ${name}.`,
    `The nearest names are ${nearNames(name, names).join(', ')}.`,
  );
}

interface Range {
  least: number;
  most: number;
}

/** Of a column over the issues from … to (excluded); undefined where it has no value. */
function rangeOf(
  { features, columns, horizon }: IssueTable,
  column: number,
  from: number,
  to: number,
): Range | undefined {
  let [least, most] = [Infinity, -Infinity];
  for (let cell = from * horizon; cell < to * horizon; cell++) {
    const value = features[cell * columns.length + column]!;
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return least <= most ? { least, most } : undefined;
}

function leaving(region: string, column: string, after: Range, seen: Range | undefined): string | undefined {
  if (!seen)
    return `${region}: ${column} never had a value in training; what it does to the forecast is chance.`;
  if (after.least >= seen.least && after.most <= seen.most) return undefined;
  const shown = (value: number) => Number(value.toPrecision(4));
  return `${region}: ${column} becomes ${shown(after.least)} to ${shown(after.most)}; training saw ${shown(seen.least)} to ${shown(seen.most)}. What lies outside is guessed.`;
}
