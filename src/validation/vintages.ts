import { HOUR_SECONDS } from '../contracts/time.ts';
import type { GridRows } from '../lake/grid-rows.ts';
import type { Rules, SeriesGroup } from './rules.ts';

/** What validation needs of the grid's rows: times in seconds since 1970 UTC, values in MW, NaN for null. */
export type RawRows = Pick<GridRows, 'length' | 'labels' | 'series' | 'validAt' | 'value' | 'availableAt'>;

/**
 * One series by hour: index i is the hour ending at `start + i` hours. `first` is the value that was known first,
 * `latest` the newest revision; NaN where there is none. A conflict marks two different values that became known
 * at the same moment; a row that repeats another one in everything says nothing new.
 */
export interface Vintages {
  first: Float64Array;
  firstAvailableAt: Float64Array;
  firstConflict: Uint8Array;
  latest: Float64Array;
  latestAvailableAt: Float64Array;
  latestConflict: Uint8Array;
}

/** The series of one region on a common, gapless run of hours. */
export interface RegionHours {
  start: number;
  hours: number;
  series: Map<string, Vintages>;
  /** Rows that fail the schema, by index into the raw rows. */
  malformed: { row: number; reason: string }[];
  /** Rows that contradict another one, by index into the raw rows. */
  conflicting: number[];
}

const SERIES_PATTERN = /^(D|DF|NG|TI|(FUEL|RF):[A-Z]{2,4})$/;

/** Forecasts are known before the hours they are for; those of renewables have no place in the validated table. */
const isForecast = (label: string) => label === 'DF' || isRenewableForecast(label);
const isRenewableForecast = (label: string) => label.startsWith('RF:');

export function groupOf(series: string): SeriesGroup {
  if (series === 'D') return 'demand';
  if (series === 'DF') return 'forecast';
  if (series === 'NG') return 'generation';
  return series === 'TI' ? 'interchange' : 'fuel';
}

/** The moment for which row t of any table stands: when demand of the hour ending `validAt` has become known. */
export const knownAt = (validAt: number) => validAt + HOUR_SECONDS;

/** Hours without a row of their own that a table may be prolonged by: beyond, filled values say nothing. */
const LONGEST_PROLONGATION = 24;

/**
 * Puts rows, in any order and with revisions, on a gapless run of hours, which goes on to the hour that ends at
 * `until` (seconds since 1970 UTC) where the rows end up to a day before it.
 */
export function toHours(rows: RawRows, rules: Rules, until = -Infinity): RegionHours {
  const malformed: RegionHours['malformed'] = [];
  const good = new Uint8Array(rows.length);
  let start = Infinity;
  let end = -Infinity;
  const known = rows.labels.map((label) => SERIES_PATTERN.test(label));
  const { firstYear, lastYear } = rules.schema.limits;
  const earliest = Date.UTC(firstYear, 0, 1) / 1000;
  const latest = Date.UTC(lastYear + 1, 0, 1) / 1000;
  for (let row = 0; row < rows.length; row++) {
    const reason = schemaFault(rows, row, known, earliest, latest);
    if (reason !== undefined) {
      malformed.push({ row, reason });
      continue;
    }
    if (isRenewableForecast(rows.labels[rows.series[row]!]!)) continue;
    good[row] = 1;
    start = Math.min(start, rows.validAt[row]!);
    end = Math.max(end, rows.validAt[row]!);
  }
  end = Math.max(end, Math.min(until, end + LONGEST_PROLONGATION * HOUR_SECONDS));
  const hours = end < start ? 0 : (end - start) / HOUR_SECONDS + 1;
  const byLabel: (Vintages | undefined)[] = rows.labels.map(() => undefined);
  for (let row = 0; row < rows.length; row++) {
    if (good[row] === 0 || Number.isNaN(rows.value[row]!)) continue;
    const series = (byLabel[rows.series[row]!] ??= emptyVintages(hours));
    enter(series, (rows.validAt[row]! - start) / HOUR_SECONDS, rows.value[row]!, rows.availableAt[row]!);
  }
  const series = new Map<string, Vintages>();
  byLabel.forEach((one, label) => {
    if (one) series.set(rows.labels[label]!, one);
  });
  const conflicting = conflictingRows(rows, good, byLabel, start);
  return { start: hours === 0 ? 0 : start, hours, series, malformed, conflicting };
}

function schemaFault(
  rows: RawRows,
  row: number,
  known: readonly boolean[],
  earliest: number,
  latest: number,
): string | undefined {
  const code = rows.series[row]!;
  const label = rows.labels[code];
  const validAt = rows.validAt[row]!;
  const availableAt = rows.availableAt[row]!;
  const value = rows.value[row]!;
  if (label === undefined || !known[code]) return `${label ?? 'null'} is not a series of the grid`;
  if (!(validAt >= earliest && validAt < latest)) return 'the hour lies outside the years of the record';
  if (validAt % HOUR_SECONDS !== 0) return 'the time is not a whole hour';
  if (!Number.isFinite(availableAt)) return 'it does not say when it became known';
  if (value === Infinity || value === -Infinity) return 'the value is not finite';
  if (!isForecast(label) && availableAt < validAt - HOUR_SECONDS) return 'it was known before its hour began';
  return undefined;
}

function enter(series: Vintages, hour: number, value: number, availableAt: number): void {
  const { first, firstAvailableAt, firstConflict, latest, latestAvailableAt, latestConflict } = series;
  if (Number.isNaN(first[hour]!) || availableAt < firstAvailableAt[hour]!) {
    first[hour] = value;
    firstAvailableAt[hour] = availableAt;
    firstConflict[hour] = 0;
  } else if (availableAt === firstAvailableAt[hour]!) {
    if (value !== first[hour]!) firstConflict[hour] = 1;
    // Which of two is kept must not depend on the order of the rows.
    first[hour] = Math.min(first[hour]!, value);
  }
  if (Number.isNaN(latest[hour]!) || availableAt > latestAvailableAt[hour]!) {
    latest[hour] = value;
    latestAvailableAt[hour] = availableAt;
    latestConflict[hour] = 0;
  } else if (availableAt === latestAvailableAt[hour]!) {
    if (value !== latest[hour]!) latestConflict[hour] = 1;
    latest[hour] = Math.min(latest[hour]!, value);
  }
}

function conflictingRows(
  rows: RawRows,
  good: Uint8Array,
  byLabel: readonly (Vintages | undefined)[],
  start: number,
): number[] {
  const found: number[] = [];
  const conflicted = byLabel.map(
    (series) =>
      series !== undefined && (series.firstConflict.includes(1) || series.latestConflict.includes(1)),
  );
  if (!conflicted.includes(true)) return found;
  for (let row = 0; row < rows.length; row++) {
    if (good[row] === 0 || !conflicted[rows.series[row]!] || Number.isNaN(rows.value[row]!)) continue;
    const series = byLabel[rows.series[row]!]!;
    const hour = (rows.validAt[row]! - start) / HOUR_SECONDS;
    const availableAt = rows.availableAt[row]!;
    const ofFirst = series.firstConflict[hour] === 1 && availableAt === series.firstAvailableAt[hour]!;
    const ofLatest = series.latestConflict[hour] === 1 && availableAt === series.latestAvailableAt[hour]!;
    if (ofFirst || ofLatest) found.push(row);
  }
  return found;
}

/** A series without a single value. */
export function emptyVintages(hours: number): Vintages {
  const nulls = () => new Float64Array(hours).fill(Number.NaN);
  return {
    first: nulls(),
    firstAvailableAt: nulls(),
    firstConflict: new Uint8Array(hours),
    latest: nulls(),
    latestAvailableAt: nulls(),
    latestConflict: new Uint8Array(hours),
  };
}
