import { HOUR_SECONDS } from '../../contracts/time.ts';
import { DAY_HOURS, type WatchedSeries } from './watched-series.ts';

/** Rows of a record, `to` excluded. */
export interface RowRange {
  from: number;
  to: number;
}

export const WEEK_ROWS = 7 * DAY_HOURS;
/** 52 weeks: weekdays stay what they are. */
const YEAR_ROWS = 52 * WEEK_ROWS;
/** Earlier years count with a week more on both sides. */
const MARGIN_ROWS = WEEK_ROWS;
/** What a level is a ratio to. */
const RECENT_ROWS = 8 * WEEK_ROWS;
/** Years behind the window that are compared with; more would be of another grid. */
const MOST_YEARS = 4;

/**
 * A window's weeks in other years, with their margins; those that lie in or after `present` are left out. A later year is
 * known to a window of the past as long as it is over before the present one.
 */
export function sameWeeks(
  window: RowRange,
  present: RowRange,
  takes: (years: number) => boolean,
): { same: RowRange; wide: RowRange }[] {
  const found: { same: RowRange; wide: RowRange }[] = [];
  for (let back = 1; back <= MOST_YEARS; back++) {
    for (const shift of [-back, back].filter(takes)) {
      const same = { from: window.from + shift * YEAR_ROWS, to: window.to + shift * YEAR_ROWS };
      if (same.from < 0 || same.to > present.from) continue;
      const wide = {
        from: Math.max(0, same.from - MARGIN_ROWS),
        to: Math.min(present.from, same.to + MARGIN_ROWS),
      };
      found.push({ same, wide });
    }
  }
  return found;
}

/** Every window of the same length that ends before this one begins, a week apart. */
export function pastWindows({ from, to }: RowRange): RowRange[] {
  const length = to - from;
  const found: RowRange[] = [];
  for (let end = from; end - length >= 0; end -= WEEK_ROWS) found.push({ from: end - length, to: end });
  return found;
}

/** What a series' values are held against: its mean of the weeks before `same`. Null where too little of it is known. */
export function recentOf(
  { values, against }: Pick<WatchedSeries, 'values' | 'against'>,
  same: RowRange,
): { less: number; scale: number } | null {
  if (against === 'nothing') return { less: 0, scale: 1 };
  const recent = meanOf(values, { from: same.from - RECENT_ROWS, to: same.from });
  if (against === 'recent level') return recent > 0 ? { less: 0, scale: recent } : null;
  return Number.isNaN(recent) ? null : { less: recent, scale: 1 };
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

/** The rows of so many hours up to a moment. */
export const rowsUpTo = (
  record: { first: number; hours: number },
  moment: number,
  hours: number,
): RowRange => {
  const to = Math.min(record.hours, Math.floor((moment - record.first) / HOUR_SECONDS) + 1);
  return { from: Math.max(0, to - hours), to };
};
