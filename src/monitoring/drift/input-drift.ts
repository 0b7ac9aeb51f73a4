import { HOUR_SECONDS } from '../../contracts/time.ts';
import { chanceAmong } from './calibration.ts';
import { emptyByHour, seasonalDistance, type Distance } from './seasonal-distance.ts';
import { DAY_HOURS, localHour, type WatchedSeries } from './watched-series.ts';

/** Rows of a record, `to` excluded. */
export interface RowRange {
  from: number;
  to: number;
}

/** How one series of the window differs from the same weeks of other years. */
export interface SeriesDrift {
  feature: string;
  label: string;
  hours: number;
  psi: number;
  ks: number;
  /** Cliff's delta given the hour of the day. */
  delta: number;
  /** Medians between windows of the past: what is usual. */
  usual: { psi: number; ks: number; windows: number };
  /** By what the past shows; null where it is too short. */
  p: number | null;
}

/** 52 weeks: weekdays stay what they are. */
const YEAR_ROWS = 364 * DAY_HOURS;
const WEEK_ROWS = 7 * DAY_HOURS;
/** Earlier years count with a week more on both sides. */
const MARGIN_ROWS = WEEK_ROWS;
/** What a level is a ratio to. */
const RECENT_ROWS = 8 * WEEK_ROWS;
/** Less of a window than this is none. */
const LEAST_SHARE = 0.6;
/** Years behind the window that are compared with; more would be of another grid. */
const MOST_YEARS = 4;

export interface InputDrift {
  series: SeriesDrift[];
  /** In words: what there is nothing to compare of, and why. */
  notJudged: string[];
}

/** Each series of the window against the same weeks of earlier years. */
export function inputDrift(
  record: { region: string; first: number },
  series: readonly WatchedSeries[],
  window: RowRange,
): InputDrift {
  const firstHour = localHour(record.first, record.region);
  const found: SeriesDrift[] = [];
  const notJudged: string[] = [];
  for (const one of series) {
    const now = compared(one, window, firstHour, window, (years) => years < 0);
    if (!now) {
      notJudged.push(`${one.label}: the record has no earlier year of these weeks`);
      continue;
    }
    const past = pastDistances(one, window, firstHour);
    const independent = (past.length * WEEK_ROWS) / (window.to - window.from);
    const p = chanceAmong(
      now.ks,
      past.map(({ ks }) => ks),
      independent,
    );
    if (p === null) notJudged.push(`${one.label}: too few earlier windows to know what is usual`);
    const { name: feature, label } = one;
    found.push({
      ...{ feature, label, ...now, p },
      usual: {
        psi: medianOf(past.map(({ psi }) => psi)),
        ks: medianOf(past.map(({ ks }) => ks)),
        windows: past.length,
      },
    });
  }
  return { series: found, notJudged };
}

/** Every earlier window, a week apart, against its own season in the years before and after it. */
function pastDistances(series: WatchedSeries, window: RowRange, firstHour: number): Distance[] {
  const found: Distance[] = [];
  const length = window.to - window.from;
  for (let to = window.from; to - length >= 0; to -= WEEK_ROWS) {
    const distance = compared(series, { from: to - length, to }, firstHour, window, () => true);
    if (distance) found.push(distance);
  }
  return found;
}

/** Against the same weeks of other years, `present` itself left out wherever it lies. */
function compared(
  series: WatchedSeries,
  window: RowRange,
  firstHour: number,
  present: RowRange,
  takes: (years: number) => boolean,
): Distance | null {
  const current = valuesOf(series, window, window, firstHour);
  if (current === null) return null;
  const reference = emptyByHour();
  let years = 0;
  for (let back = 1; back <= MOST_YEARS; back++) {
    for (const shift of [-back, back].filter(takes)) {
      const same = { from: window.from + shift * YEAR_ROWS, to: window.to + shift * YEAR_ROWS };
      // A later year is known to a window of the past as long as it is over before the present one.
      if (same.from < 0 || same.to > present.from) continue;
      const wide = {
        from: Math.max(0, same.from - MARGIN_ROWS),
        to: Math.min(present.from, same.to + MARGIN_ROWS),
      };
      const values = valuesOf(series, wide, same, firstHour);
      if (values === null) continue;
      years += 1;
      for (const [hour, own] of values.entries()) reference[hour]!.push(...own);
    }
  }
  return years === 0 ? null : seasonalDistance(current, reference);
}

/** By hour of the local day, against what it was before `same`. Null where too much is missing. */
function valuesOf(
  { values, against }: WatchedSeries,
  { from, to }: RowRange,
  same: RowRange,
  firstHour: number,
): number[][] | null {
  const recent = against === 'nothing' ? 0 : meanOf(values, { from: same.from - RECENT_ROWS, to: same.from });
  if (against === 'recent level' ? !(recent > 0) : Number.isNaN(recent)) return null;
  const [less, scale] = against === 'recent level' ? [0, recent] : [recent, 1];
  const byHour = emptyByHour();
  let counted = 0;
  for (let row = from; row < to; row++) {
    const value = values[row]!;
    if (!Number.isFinite(value)) continue;
    counted += 1;
    byHour[(firstHour + row) % DAY_HOURS]!.push((value - less) / scale);
  }
  return counted < LEAST_SHARE * (to - from) ? null : byHour;
}

/** NaN where less than half of the hours are there. */
function meanOf(values: Float64Array, { from, to }: RowRange): number {
  if (from < 0) return Number.NaN;
  let [sum, counted] = [0, 0];
  for (let row = from; row < to; row++) {
    if (!Number.isFinite(values[row]!)) continue;
    sum += values[row]!;
    counted += 1;
  }
  return counted < (to - from) / 2 ? Number.NaN : sum / counted;
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? Number.NaN : sorted[sorted.length >> 1]!;
}

/** The rows of so many seconds up to a moment. */
export const rowsUpTo = (
  record: { first: number; hours: number },
  moment: number,
  hours: number,
): RowRange => {
  const to = Math.min(record.hours, Math.floor((moment - record.first) / HOUR_SECONDS) + 1);
  return { from: Math.max(0, to - hours), to };
};
