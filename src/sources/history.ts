import type { IngestionWindow, SeriesAccount } from '../contracts/ingestion.ts';
import { HOUR_SECONDS, toHourStamp } from '../contracts/time.ts';
import { AVAILABLE_BASES, sortRows, type AvailableBasis, type GridRows } from '../lake/grid-rows.ts';
import { availableAt, revisionAvailableAt } from './availability.ts';
import type { Origin } from './origin.ts';
import type { SourceRows } from './source-rows.ts';

/** First sight this long after the rule's time is taken for publication; later, we merely came late. */
const OBSERVED_WITHIN_SECONDS = 48 * HOUR_SECONDS;

interface Publication {
  availableAt: number;
  basis: AvailableBasis;
}

/**
 * When a value that the lake did not have became known. From the archive: by rule. From a real source: when it was
 * first seen, if that was soon after the rule's time; years later the rule is the better guess, and says so.
 */
export function firstPublication(
  series: string,
  validAt: number,
  seenAt: number,
  window: Pick<IngestionWindow, 'region' | 'dfAvailability'>,
  archive: boolean,
): Publication {
  // CAISO's renewable forecasts are made with the day-ahead forecast of demand.
  const kind = series.startsWith('RF:') ? 'DF' : series;
  const byRule = availableAt(kind, validAt, window.region, window.dfAvailability);
  const observed = !archive && seenAt - byRule <= OBSERVED_WITHIN_SECONDS;
  return observed ? { availableAt: seenAt, basis: 'observed' } : { availableAt: byRule, basis: 'assumed' };
}

/** When a value that replaces another became known: never before the one it replaces. */
export function revisionPublication(
  validAt: number,
  seenAt: number,
  replaced: number,
  archive: boolean,
): Publication {
  const byRule = revisionAvailableAt(validAt);
  return archive && byRule > replaced
    ? { availableAt: byRule, basis: 'assumed' }
    : { availableAt: Math.max(seenAt, replaced), basis: 'observed' };
}

/**
 * What the lake knows of a region, route and year after a window's replies: new hours and changed values become
 * rows, equal ones change nothing. Returns `history` itself where nothing is new.
 */
export function withNews(
  history: GridRows | undefined,
  source: SourceRows,
  window: IngestionWindow,
  { archive }: Pick<Origin, 'archive'>,
): GridRows | undefined {
  const labels = [...new Set([...(history?.labels ?? []), ...source.series.keys()])];
  const news = new RowBuilder(labels);
  for (const [series, table] of source.series) {
    const code = labels.indexOf(series);
    const known = latestRows(history, series, source);
    for (let hour = 0; hour < source.hours; hour++) {
      if (table.has[hour] === 0) continue;
      const validAt = source.from + hour * HOUR_SECONDS;
      const value = table.value[hour]!;
      const seenAt = table.seenAt[hour]!;
      const before = known[hour]!;
      if (before < 0) {
        news.add(code, validAt, value, firstPublication(series, validAt, seenAt, window, archive));
      } else if (!Object.is(history!.value[before], value)) {
        const replaced = history!.availableAt[before]!;
        news.add(code, validAt, value, revisionPublication(validAt, seenAt, replaced, archive));
      }
    }
  }
  return news.length === 0 ? history : sortRows(news.appendedTo(history));
}

/** For each hour of the window, the index of the newest row of a series, or −1. */
function latestRows(history: GridRows | undefined, series: string, source: SourceRows): Int32Array {
  const latest = new Int32Array(source.hours).fill(-1);
  const code = history?.labels.indexOf(series) ?? -1;
  if (history === undefined || code < 0) return latest;
  for (let i = 0; i < history.length; i++) {
    if (history.series[i] !== code) continue;
    const hour = (history.validAt[i]! - source.from) / HOUR_SECONDS;
    // Stored in the order in which they became known: the last one stays.
    if (hour >= 0 && hour < source.hours) latest[hour] = i;
  }
  return latest;
}

/** Counts of what a window's rows hold, by series: hours with a value, and hours whose value was revised. */
export function accountOf(rows: GridRows): Omit<SeriesAccount, 'region' | 'missing' | 'quarantined'>[] {
  return rows.labels.map((series, code) => {
    let present = 0;
    let revised = 0;
    let first = Number.NaN;
    let last = Number.NaN;
    for (let i = 0; i < rows.length; i++) {
      if (rows.series[i] !== code) continue;
      const newest = rows.series[i + 1] !== code || rows.validAt[i + 1] !== rows.validAt[i];
      const begins = rows.series[i - 1] !== code || rows.validAt[i - 1] !== rows.validAt[i];
      if (newest && !begins) revised += 1;
      if (!newest || Number.isNaN(rows.value[i])) continue;
      present += 1;
      if (Number.isNaN(first)) first = rows.validAt[i]!;
      last = rows.validAt[i]!;
    }
    return { series, present, revised, firstHour: stampOrNull(first), lastHour: stampOrNull(last) };
  });
}

const stampOrNull = (seconds: number) => (Number.isNaN(seconds) ? null : toHourStamp(seconds));

class RowBuilder {
  readonly #labels: string[];
  readonly #series: number[] = [];
  readonly #validAt: number[] = [];
  readonly #value: number[] = [];
  readonly #availableAt: number[] = [];
  readonly #basis: number[] = [];

  constructor(labels: string[]) {
    this.#labels = labels;
  }

  get length(): number {
    return this.#series.length;
  }

  add(code: number, validAt: number, value: number, publication: Publication): void {
    this.#series.push(code);
    this.#validAt.push(validAt);
    this.#value.push(value);
    this.#availableAt.push(publication.availableAt);
    this.#basis.push(AVAILABLE_BASES.indexOf(publication.basis));
  }

  appendedTo(rows: GridRows | undefined): GridRows {
    const recode = rows?.labels.map((label) => this.#labels.indexOf(label)) ?? [];
    return {
      length: (rows?.length ?? 0) + this.length,
      labels: this.#labels,
      series: joinInt(
        rows?.series.map((code) => recode[code]!),
        this.#series,
      ),
      validAt: joinFloat(rows?.validAt, this.#validAt),
      value: joinFloat(rows?.value, this.#value),
      availableAt: joinFloat(rows?.availableAt, this.#availableAt),
      basis: joinInt(rows?.basis, this.#basis),
    };
  }
}

function joinFloat(head: Float64Array | undefined, tail: number[]): Float64Array {
  const joined = new Float64Array((head?.length ?? 0) + tail.length);
  if (head) joined.set(head);
  joined.set(tail, head?.length ?? 0);
  return joined;
}

function joinInt(head: Int32Array | undefined, tail: number[]): Int32Array {
  const joined = new Int32Array((head?.length ?? 0) + tail.length);
  if (head) joined.set(head);
  joined.set(tail, head?.length ?? 0);
  return joined;
}
