import { HOUR_SECONDS } from '../contracts/time.ts';
import type { FirstSeen } from './causal-rules.ts';
import { knownAt } from './vintages.ts';
import { effectOf, keptValues, note, type Judgement } from './judgement.ts';
import type { Rules } from './rules.ts';

/** One series with what its rules have said of it. */
export interface Judged {
  series: FirstSeen;
  judgement: Judgement;
}

/**
 * Judges each hour of a forecast by how its predecessors fitted the demand that was known when it was made.
 *
 * Shift: a forecast filed under the wrong hour has the right shape at the wrong time. The mean absolute difference
 * of hourly *changes* of forecast and demand is compared at shifts −1, 0 and +1; changes rather than levels, so
 * that a forecast that is merely too high is not taken for one that is late.
 * Bias: the mean absolute relative error, for a forecast of something else than this region's demand.
 */
export function judgeFit(forecast: Judged, demand: Judged, start: number, rules: Rules): void {
  const both = comparable(forecast, demand, start);
  const misfits = [-1, 0, 1].map((shift) => changeMisfits(both, shift, rules.shifted.limits.clip));
  const everyShift = onCommonHours(misfits);
  const [early, level, late] = everyShift.map(prefixSums) as [PrefixSums, PrefixSums, PrefixSums];
  const errors = prefixSums(relativeErrors(both));
  const shiftEffect = effectOf(rules, 'shifted', 'forecast', 'causal');
  const biasEffect = effectOf(rules, 'biased', 'forecast', 'causal');
  const { gain, ...shiftWindow } = rules.shifted.limits;
  const hours = forecast.series.value.length;
  for (let hour = 0; hour < hours; hour++) {
    const at = forecast.series.availableAt[hour]!;
    if (Number.isNaN(at) || forecast.judgement.rejected[hour] === 1) continue;
    // A comparison of hour i is complete one hour after demand of hour i is known.
    const until = Math.min(hours, Math.floor((at - knownAt(start)) / HOUR_SECONDS));
    const unshifted = windowMean(level, until, shiftWindow);
    const best = Math.min(windowMean(early, until, shiftWindow), windowMean(late, until, shiftWindow));
    if (best < gain * unshifted) {
      const shift = best === windowMean(late, until, shiftWindow) ? 1 : -1;
      note(forecast.judgement, hour, 'shifted', shiftEffect, shift);
    }
    const error = windowMean(errors, until, rules.biased.limits);
    if (error > rules.biased.limits.error) note(forecast.judgement, hour, 'biased', biasEffect, error);
  }
}

/** What of two series may be compared: NaN where there is nothing, or it was refused. */
interface Comparable {
  forecast: Float64Array;
  /** Hours from the record's beginning that a forecast was known after, by its own hour; NaN without one. */
  knownAfter: Float64Array;
  demand: Float64Array;
}

function comparable(forecast: Judged, demand: Judged, start: number): Comparable {
  return {
    forecast: keptValues(forecast.series.value, forecast.judgement),
    knownAfter: forecast.series.availableAt.map((at) => (at - knownAt(start)) / HOUR_SECONDS),
    demand: keptValues(demand.series.value, demand.judgement),
  };
}

/**
 * |Δ forecast(i + shift) − Δ demand(i)| as a share of demand, clipped so that one wild hour decides nothing; NaN
 * where a part is missing, refused, or not known one hour after demand of hour i.
 */
function changeMisfits({ forecast, knownAfter, demand }: Comparable, shift: number, clip: number) {
  const misfits = new Float64Array(demand.length);
  const inTime = (hour: number, comparedAt: number) =>
    knownAfter[hour]! <= comparedAt + 1 ? forecast[hour]! : Number.NaN;
  for (let hour = 0; hour < misfits.length; hour++) {
    const change =
      inTime(hour + shift, hour) - inTime(hour + shift - 1, hour) - (demand[hour]! - demand[hour - 1]!);
    misfits[hour] = Math.min(clip, Math.abs(change) / demand[hour]!);
  }
  return misfits;
}

/** |forecast / demand − 1| by hour, clipped at 1. */
function relativeErrors({ forecast, knownAfter, demand }: Comparable): Float64Array {
  const errors = new Float64Array(demand.length).fill(Number.NaN);
  for (let hour = 0; hour < errors.length; hour++) {
    if (knownAfter[hour]! <= hour + 1)
      errors[hour] = Math.min(1, Math.abs(forecast[hour]! / demand[hour]! - 1));
  }
  return errors;
}

/** Only hours that every shift has a value for are compared. */
function onCommonHours(arrays: readonly Float64Array[]): readonly Float64Array[] {
  const hours = arrays[0]!.length;
  for (const array of arrays) {
    for (let hour = 0; hour < hours; hour++) {
      if (Number.isNaN(array[hour]!)) for (const other of arrays) other[hour] = Number.NaN;
    }
  }
  return arrays;
}

interface PrefixSums {
  sum: Float64Array;
  count: Uint32Array;
}

/** Sums and counts of the values before each index, NaN left out. */
function prefixSums(values: Float64Array): PrefixSums {
  const sum = new Float64Array(values.length + 1);
  const count = new Uint32Array(values.length + 1);
  for (let i = 0; i < values.length; i++) {
    const usable = !Number.isNaN(values[i]!);
    sum[i + 1] = sum[i]! + (usable ? values[i]! : 0);
    count[i + 1] = count[i]! + (usable ? 1 : 0);
  }
  return { sum, count };
}

/** The mean over the window of hours before `until`; NaN when too few of them have a value. */
function windowMean(
  { sum, count }: PrefixSums,
  until: number,
  { windowHours, minimumHours }: { windowHours: number; minimumHours: number },
): number {
  const from = Math.max(0, until - windowHours);
  if (until <= from) return Number.NaN;
  const n = count[until]! - count[from]!;
  return n >= minimumHours ? (sum[until]! - sum[from]!) / n : Number.NaN;
}
