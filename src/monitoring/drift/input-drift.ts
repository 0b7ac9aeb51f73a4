import { chanceAmong, medianOf } from './calibration.ts';
import { distanceAmong, emptyByHour, inOrder, type Distance, type Ordered } from './seasonal-distance.ts';
import { WEEK_ROWS, pastWindows, recentOf, sameWeeks, type RowRange } from './same-weeks.ts';
import { DAY_HOURS, localHour, type WatchedSeries } from './watched-series.ts';

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

/** Less of a window than this is none. */
const LEAST_SHARE = 0.6;

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
    const compare = comparison(one, window, firstHour);
    const now = compare(window, (years) => years < 0);
    if (!now) {
      const { length } = one.values.subarray(window.from, window.to).filter(Number.isFinite);
      const hours = window.to - window.from;
      notJudged.push(
        length < LEAST_SHARE * hours
          ? `${one.label}: the record has only ${length} of the window’s ${hours} hours`
          : `${one.label}: the record has no earlier year of these weeks`,
      );
      continue;
    }
    // Every earlier window against its own season in the years before and after it.
    const past = pastWindows(window).flatMap((earlier) => compare(earlier, () => true) ?? []);
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

/**
 * Windows of a series against the same weeks of other years, `present` itself left out wherever it lies. Several windows
 * ask for the same weeks, so their values are kept in order.
 */
function comparison(series: WatchedSeries, present: RowRange, firstHour: number) {
  const known = new Map<number, Ordered | null>();
  const referenceAt = ({ same, wide }: { same: RowRange; wide: RowRange }): Ordered | null => {
    const before = known.get(same.from);
    if (before !== undefined) return before;
    const values = valuesOf(series, wide, same, firstHour);
    const ordered = values && inOrder(values);
    known.set(same.from, ordered);
    return ordered;
  };
  return (window: RowRange, takes: (years: number) => boolean): Distance | null => {
    const current = valuesOf(series, window, window, firstHour);
    if (current === null) return null;
    const years = sameWeeks(window, present, takes).flatMap((weeks) => {
      const own = referenceAt(weeks);
      return own ? [own] : [];
    });
    return years.length === 0 ? null : distanceAmong(current, years);
  };
}

/** By hour of the local day, against what it was before `same`. Null where too much is missing. */
function valuesOf(
  { values, against }: WatchedSeries,
  { from, to }: RowRange,
  same: RowRange,
  firstHour: number,
): number[][] | null {
  const recent = recentOf({ values, against }, same);
  if (!recent) return null;
  const { less, scale } = recent;
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
