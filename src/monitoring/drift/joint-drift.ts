import { momentsOf } from '../statistics/effect-size.ts';
import { energyDistance } from '../statistics/energy-distance.ts';
import { chanceAmong, medianOf } from './calibration.ts';
import { WEEK_ROWS, pastWindows, recentOf, sameWeeks, type RowRange } from './same-weeks.ts';
import { DAY_HOURS, type WatchedSeries } from './watched-series.ts';

/** How the days of the window, all inputs at once, differ from those of the same weeks of other years. */
export interface JointDrift {
  features: string[];
  days: number;
  /** Energy coefficient, 0 to 1. */
  coefficient: number;
  /** Median between windows of the past: what is usual. */
  usual: { coefficient: number; windows: number };
  /** By what the past shows. */
  p: number;
}

/** Days that have less than this share of their hours are left out, and windows that have less of their days. */
const LEAST_SHARE = 0.75;

/**
 * A day is a point: of each series the mean of its hours, levels as ratios to the eight weeks before, in deviations of
 * the reference's days. Their energy distance (Székely & Rizzo, 2004) sees what no series shows alone, such as demand
 * and solar power that no longer go together. The chance of as much is what the past shows, as for each series: days
 * that follow on one another are no sample that could be permuted. Null where there are no two series to join, or too
 * few earlier windows that have them all.
 */
export function jointDrift(series: readonly WatchedSeries[], window: RowRange): JointDrift | null {
  if (series.length < 2) return null;
  const compare = comparison(series, window);
  const now = compare(window, (years) => years < 0);
  if (!now) return null;
  const past = pastWindows(window).flatMap((earlier) => compare(earlier, () => true)?.coefficient ?? []);
  const independent = (past.length * WEEK_ROWS) / (window.to - window.from);
  const p = chanceAmong(now.coefficient, past, independent);
  if (p === null) return null;
  const usual = { coefficient: medianOf(past), windows: past.length };
  return { features: series.map(({ name }) => name), ...now, usual, p };
}

function comparison(series: readonly WatchedSeries[], present: RowRange) {
  const known = new Map<number, number[][]>();
  const referenceAt = ({ same, wide }: { same: RowRange; wide: RowRange }): number[][] => {
    const points = known.get(same.from) ?? pointsOf(series, wide, same);
    known.set(same.from, points);
    return points;
  };
  const wanted = LEAST_SHARE * ((present.to - present.from) / DAY_HOURS);
  return (window: RowRange, takes: (years: number) => boolean) => {
    const current = pointsOf(series, window, window);
    const reference = sameWeeks(window, present, takes).flatMap(referenceAt);
    if (current.length < wanted || reference.length < wanted) return null;
    const scales = series.map((_, s) => {
      const { mean, variance } = momentsOf(reference.map((day) => day[s]!));
      return { mean, deviation: Math.sqrt(variance) };
    });
    if (scales.some(({ deviation }) => !(deviation > 0))) return null;
    const scaled = (days: readonly number[][]) =>
      days.map((day) => day.map((value, s) => (value - scales[s]!.mean) / scales[s]!.deviation));
    const { coefficient } = energyDistance(scaled(reference), scaled(current));
    return { days: current.length, coefficient };
  };
}

/** The days of a range that have all series, counted from where `same` begins. */
function pointsOf(series: readonly WatchedSeries[], range: RowRange, same: RowRange): number[][] {
  const recent = series.map((one) => recentOf(one, same));
  const points: number[][] = [];
  const first = range.from + ((((same.from - range.from) % DAY_HOURS) + DAY_HOURS) % DAY_HOURS);
  for (let row = first; row + DAY_HOURS <= range.to; row += DAY_HOURS) {
    const day = series.map(({ values }, s) => {
      const against = recent[s];
      if (!against) return Number.NaN;
      let [sum, counted] = [0, 0];
      for (let hour = row; hour < row + DAY_HOURS; hour++) {
        if (!Number.isFinite(values[hour]!)) continue;
        sum += values[hour]!;
        counted += 1;
      }
      if (counted < LEAST_SHARE * DAY_HOURS) return Number.NaN;
      return (sum / counted - against.less) / against.scale;
    });
    if (day.every(Number.isFinite)) points.push(day);
  }
  return points;
}
