import { knownAt, type Vintages } from './vintages.ts';
import { effectOf, newJudgement, note, type Judgement } from './judgement.ts';
import { SortedWindow, countsForMedian } from './rolling-median.ts';
import type { Rules, SeriesGroup } from './rules.ts';

const DAY = 24;
const WEEK = 168;

/** One series as it was first known. */
export interface FirstSeen {
  /** `D`, `DF`, `NG`, `TI` or a fuel. */
  name: string;
  group: SeriesGroup;
  /** MW; NaN where nothing may be used. */
  value: Float64Array;
  /** Seconds since 1970 UTC; NaN with the value. */
  availableAt: Float64Array;
  conflict: Uint8Array;
}

/** First values; those of demand only where they were known by the time that their row stands for. */
export function firstSeen(
  name: string,
  group: SeriesGroup,
  { first, firstAvailableAt, firstConflict }: Vintages,
  start: number,
): FirstSeen {
  const value = first.slice();
  const availableAt = firstAvailableAt.slice();
  const hours = group === 'demand' ? value.length : 0;
  for (let hour = 0; hour < hours; hour++) {
    if (availableAt[hour]! <= knownAt(start + hour * 3600)) continue;
    value[hour] = Number.NaN;
    availableAt[hour] = Number.NaN;
  }
  return { name, group, value, availableAt, conflict: firstConflict };
}

/**
 * Judges each value from what was known when it became known, itself included: values are taken in the order in
 * which they arrived, so a late one is never compared with what came after it, nor anything before it with it.
 *
 * `demandScale(at)` is the 30-day median of demand as known at a moment (NaN when there is none yet): the measure
 * for series that have no typical level of their own.
 */
export function judgeCausally(
  series: FirstSeen,
  rules: Rules,
  demandScale: (at: number) => number,
): Judgement {
  const { group, value, availableAt, conflict } = series;
  const judgement = newJudgement(value.length);
  const effect = (name: keyof Rules) => effectOf(rules, name, group, 'causal');
  const effects = {
    missing: effect('missing'),
    duplicate: effect('duplicate'),
    negative: effect('negative'),
    zero: effect('zero'),
    range: effect('range'),
    flat: effect('flat_line'),
    spike: effect('spike'),
  };
  const usesOwnMedian = group === 'demand' || group === 'forecast' || group === 'generation';
  const month = new RecentValues(rules.range.limits.windowHours);
  const { low, high, minimumHours } = rules.range.limits;
  for (let hour = 0; hour < value.length; hour++) {
    if (Number.isNaN(value[hour]!)) note(judgement, hour, 'missing', effects.missing);
  }
  for (const hour of arrivalOrder(availableAt)) {
    const v = value[hour]!;
    if (conflict[hour] === 1 && note(judgement, hour, 'duplicate', effects.duplicate)) continue;
    const scale = usesOwnMedian ? Number.NaN : demandScale(availableAt[hour]!);
    if (v < 0 && isNegative(series, v, scale, rules)) note(judgement, hour, 'negative', effects.negative);
    if (v === 0) note(judgement, hour, 'zero', effects.zero);
    if (usesOwnMedian) {
      const median = month.medianBefore(hour, minimumHours);
      if (v < low * median || v > high * median) note(judgement, hour, 'range', effects.range, median);
      month.add(hour, v);
    } else if (Math.abs(v) > high * scale) note(judgement, hour, 'range', effects.range, scale);
    const run = equalRun(value, availableAt, hour, rules.flat_line.limits.hours);
    if (run > 0 && v !== 0) note(judgement, hour, 'flat_line', effects.flat, run);
    const neighbour = spikeAgainst(value, availableAt, judgement, hour, rules);
    if (!Number.isNaN(neighbour)) note(judgement, hour, 'spike', effects.spike, neighbour);
  }
  return judgement;
}

/** Hours that have a value, by the moment it became known, then by hour. */
function arrivalOrder(availableAt: Float64Array): Uint32Array {
  const hours: number[] = [];
  let inOrder = true;
  let last = -Infinity;
  for (let hour = 0; hour < availableAt.length; hour++) {
    const at = availableAt[hour]!;
    if (Number.isNaN(at)) continue;
    hours.push(hour);
    inOrder &&= at >= last;
    last = at;
  }
  const order = Uint32Array.from(hours);
  return inOrder ? order : order.sort((a, b) => availableAt[a]! - availableAt[b]! || a - b);
}

function isNegative({ name, group }: FirstSeen, value: number, scale: number, rules: Rules): boolean {
  if (group !== 'fuel') return true;
  const { fuelTolerance, mayBeNegative } = rules.negative.limits;
  return !mayBeNegative.includes(name.slice('FUEL:'.length)) && value < -fuelTolerance * scale;
}

/** How many equal values end at an hour, when they are at least `hours`; else 0. Only such as were known then. */
function equalRun(value: Float64Array, availableAt: Float64Array, hour: number, hours: number): number {
  for (let back = 1; back < hours; back++) {
    const before = hour - back;
    if (before < 0 || value[before] !== value[hour] || availableAt[before]! > availableAt[hour]!) return 0;
  }
  return hours;
}

/**
 * The newest believed value of the hours before when the value in hand jumps away from it, and also from the same
 * hour yesterday and last week, as far as they are known and believed (one of the two must be); else NaN.
 */
function spikeAgainst(
  value: Float64Array,
  availableAt: Float64Array,
  { rejected }: Judgement,
  hour: number,
  rules: Rules,
): number {
  const { change, neighbourHours } = rules.spike.limits;
  const believed = (at: number) =>
    at >= 0 && rejected[at] === 0 && availableAt[at]! <= availableAt[hour]! ? value[at]! : Number.NaN;
  const near = (reference: number) => Math.abs(value[hour]! - reference) <= change * Math.abs(reference);
  let before = Number.NaN;
  for (let back = 1; back <= neighbourHours && Number.isNaN(before); back++) before = believed(hour - back);
  if (Number.isNaN(before) || near(before)) return Number.NaN;
  const yesterday = believed(hour - DAY);
  const lastWeek = believed(hour - WEEK);
  if (Number.isNaN(yesterday) && Number.isNaN(lastWeek)) return Number.NaN;
  return near(yesterday) || near(lastWeek) ? Number.NaN : before;
}

/** The values of the last `capacity` hours, in the order in which they arrived. */
class RecentValues {
  private readonly window: number;
  private readonly sorted: SortedWindow;
  private readonly hours: number[] = [];
  private readonly values: number[] = [];
  private oldest = 0;

  constructor(windowHours: number) {
    this.window = windowHours;
    this.sorted = new SortedWindow(windowHours + 1);
  }

  /** The median of the window before an hour, NaN when fewer than `minimum` values are in it. */
  medianBefore(hour: number, minimum: number): number {
    while (
      this.oldest < this.hours.length &&
      (this.hours[this.oldest]! < hour - this.window || this.sorted.count > this.window)
    ) {
      this.sorted.remove(this.values[this.oldest]!);
      this.oldest++;
    }
    return this.sorted.count >= minimum ? this.sorted.median() : Number.NaN;
  }

  /** Values that were refused count too: the median withstands them, and a new level is learnt in time. */
  add(hour: number, value: number): void {
    if (!countsForMedian(value)) return;
    this.hours.push(hour);
    this.values.push(value);
    this.sorted.insert(value);
  }
}
