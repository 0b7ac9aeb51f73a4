import type { SeriesColumns } from '../contracts/series.ts';
import { BadInputError } from '../errors.ts';
import type { CsvTable } from './csv-table.ts';
import { LARGEST_MAGNITUDE, parseNumbers, type Numbers } from './numbers.ts';
import { regularRows, type RegularRows } from './regular-rows.ts';
import { fillColumn } from './repair.ts';
import { HOUR_SECONDS, parseTimes, secondsOf, spellFrequency, spellTime } from './times.ts';

/** A regular series without holes. */
export interface CleanSeries {
  /** Time of row 0 in seconds since 1970 UTC, and seconds from row to row. */
  start: number;
  step: number;
  /** Rows in which every target has a value. */
  rows: number;
  /** By name, `rows` values each. */
  targets: Map<string, Float64Array>;
  /** By name; `rows` values and those that are known of the time after. */
  covariates: Map<string, Float64Array>;
  /** What was done to the file, for people. */
  repairs: string[];
}

/** Makes a regular series of a table; repairs what honestly can be, says so, and refuses the rest. */
export function cleanSeries(table: CsvTable, columns: SeriesColumns): CleanSeries {
  requireDistinct(columns);
  const repairs: string[] = [];
  const names = [...columns.targets, ...columns.covariates];
  const texts = new Map(names.map((name) => [name, table.column(name)]));
  const { seconds, zoned } = parseTimes(table.column(columns.time), table.lineOf, columns.time);
  if (!zoned) repairs.push('times name no zone: taken as UTC');
  const regular = regularRows({
    times: seconds,
    equal: (one, other) => names.every((name) => texts.get(name)![one] === texts.get(name)![other]),
    lineOf: table.lineOf,
    step: columns.frequency === undefined ? undefined : secondsOf(columns.frequency),
    zoned,
  });
  if (regular.unsorted > 0) repairs.push(`${regular.unsorted} rows came before an earlier one: sorted`);
  if (regular.duplicates > 0) repairs.push(`${regular.duplicates} rows were there twice: one of each kept`);
  const numbers = new Map(names.map((name) => [name, parseNumbers(texts.get(name)!, table.decimalComma)]));
  for (const [name, found] of numbers) requireNumbers(name, found, table);
  const placed = new Map([...numbers].map(([name, { values }]) => [name, atPlaces(values, regular)]));
  repairs.push(...oddValues(numbers));
  return { step: regular.step, ...cut(placed, { ...regular, zoned }, columns, repairs), repairs };
}

function requireDistinct({ time, targets, covariates }: SeriesColumns): void {
  const names = [time, ...targets, ...covariates];
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) {
    throw new BadInputError(
      `Column ${twice} is named twice.`,
      'A column is the time, a target or a covariate: name it once.',
    );
  }
}

/** A column that is mostly text was not meant: its first cells say so better than a count of holes. */
function requireNumbers(name: string, { values, text, textAt, huge }: Numbers, table: CsvTable): void {
  if (text <= 0.05 * values.length && huge.length === 0) return;
  const cells = table.column(name);
  if (huge.length > 0) {
    throw new BadInputError(
      `Column ${name} holds numbers beyond ${LARGEST_MAGNITUDE}: ${huge.map((row) => `${cells[row]} in row ${table.lineOf(row)}`).join(', ')}.`,
      'Leave such cells empty where they stand for a missing value, or give the column in a larger unit.',
    );
  }
  throw new BadInputError(
    `Column ${name} holds ${text} cells that are no numbers: ${textAt.map((row) => `"${cells[row]}" in row ${table.lineOf(row)}`).join(', ')}.`,
    'Name a column of numbers, or correct these cells.',
  );
}

const oddValues = (numbers: ReadonlyMap<string, Numbers>): string[] =>
  [...numbers].flatMap(([name, { text, infinite }]) => [
    ...(text > 0 ? [`${name}: ${text} cells were no number, taken as missing`] : []),
    ...(infinite > 0 ? [`${name}: ${infinite} cells were infinite, taken as missing`] : []),
  ]);

function atPlaces(values: Float64Array, { rowAt }: RegularRows): Float64Array {
  return Float64Array.from(rowAt, (row) => (row < 0 ? Number.NaN : values[row]!));
}

/** From the first place at which all columns have begun to the last that has every target. */
function cut(
  placed: ReadonlyMap<string, Float64Array>,
  { start, step, zoned }: RegularRows & { zoned: boolean },
  { targets, covariates, maxGap }: SeriesColumns,
  repairs: string[],
): Omit<CleanSeries, 'step' | 'repairs'> {
  const timeOf = (place: number) => spellTime(start + place * step);
  const spans = [...placed].map(([name, values]) => ({ name, ...spanOf(name, values) }));
  // At both ends every column has to have a value: there is nothing to interpolate from beyond them.
  const first = whereAll(Math.max(...spans.map(({ from }) => from)), 1, [...placed.values()]);
  const ends = spans.filter(({ name }) => targets.includes(name));
  const targetValues = targets.map((name) => placed.get(name)!);
  const last = whereAll(Math.min(...ends.map(({ to }) => to)) - 1, -1, targetValues) + 1;
  if (first >= last) {
    throw new BadInputError(
      'There is no time at which all columns have values.',
      'Name columns that overlap.',
    );
  }
  const late = spans.reduce((a, b) => (b.from > a.from ? b : a));
  if (first > 0) repairs.push(`${first} rows before ${timeOf(first)} left out: ${late.name} begins there`);
  const early = ends.reduce((a, b) => (b.to < a.to ? b : a));
  const latest = Math.max(...ends.map(({ to }) => to));
  if (last < latest)
    repairs.push(`${latest - last} rows after ${timeOf(last - 1)} left out: ${early.name} ends there`);
  const short = spans.find(({ name, to }) => covariates.includes(name) && to < last);
  if (short) {
    throw new BadInputError(
      `Covariate ${short.name} ends at ${timeOf(short.to - 1)}, before the targets do at ${timeOf(last - 1)}.`,
      'Give it to the end and on over the horizon, or leave it out of --covariates.',
    );
  }
  const isSpring = (missing: number) => !zoned && missing * step === HOUR_SECONDS;
  const gaps = {
    maxGap,
    timeOf: (place: number) => timeOf(first + place),
    hint: (missing: number) =>
      isSpring(missing) ? ' Where it is the hour that summer time skips, write the times in UTC.' : '',
  };
  const whole = (name: string, to: number) => {
    const values = placed.get(name)!.slice(first, to);
    const { filled, runs } = fillColumn(name, values, gaps);
    if (filled > 0) repairs.push(`${name}: ${filled} missing values in ${runs} gaps interpolated`);
    return values;
  };
  const series = {
    start: start + first * step,
    rows: last - first,
    targets: new Map(targets.map((name) => [name, whole(name, last)])),
    covariates: new Map(
      covariates.map((name) => [name, whole(name, spans.find((span) => span.name === name)!.to)]),
    ),
  };
  return series;
}

/** The first place from `place` on, in steps of `by`, at which no column lacks a value. */
function whereAll(place: number, by: 1 | -1, columns: readonly Float64Array[]): number {
  while (columns.some((values) => Number.isNaN(values[place]))) place += by;
  return place;
}

function spanOf(name: string, values: Float64Array): { from: number; to: number } {
  const from = values.findIndex((value) => !Number.isNaN(value));
  if (from < 0) throw new BadInputError(`Column ${name} has no number in it.`, 'Name a column of numbers.');
  return { from, to: values.findLastIndex((value) => !Number.isNaN(value)) + 1 };
}

/** For people: `17,420 rows of 1h from … to …`. */
export const spellExtent = ({ start, step, rows }: Pick<CleanSeries, 'start' | 'step' | 'rows'>): string =>
  `${rows} rows of ${spellFrequency(step)}, ${spellTime(start)} to ${spellTime(start + (rows - 1) * step)}`;
