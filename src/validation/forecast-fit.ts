import { HOUR_SECONDS } from '../contracts/time.ts';
import type { FirstSeen } from './causal-rules.ts';
import { knownAt } from './vintages.ts';
import { effectOf, note, type Judgement } from './judgement.ts';
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
  const misfits = [-1, 0, 1].map((shift) => changeMisfits(forecast, demand, start, shift, rules));
  const everyShift = onCommonHours(misfits);
  const [early, level, late] = everyShift.map(prefixSums) as [PrefixSums, PrefixSums, PrefixSums];
  const errors = prefixSums(relativeErrors(forecast, demand, start));
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

/**
 * |Δ forecast(i + shift) − Δ demand(i)| as a share of demand, clipped so that one wild hour decides nothing; NaN
 * where a part is missing, refused, or not known one hour after demand of hour i.
 */
function changeMisfits(
  forecast: Judged,
  demand: Judged,
  start: number,
  shift: number,
  rules: Rules,
): Float64Array {
  const usable = usableBy(forecast, demand, start);
  return demand.series.value.map((_value, hour) => {
    const change =
      usable.forecast(hour + shift, hour) -
      usable.forecast(hour + shift - 1, hour) -
      (usable.demand(hour) - usable.demand(hour - 1));
    return Math.min(rules.shifted.limits.clip, Math.abs(change) / usable.demand(hour));
  });
}

/** |forecast / demand − 1| by hour, clipped at 1. */
function relativeErrors(forecast: Judged, demand: Judged, start: number): Float64Array {
  const usable = usableBy(forecast, demand, start);
  return demand.series.value.map((_value, hour) =>
    Math.min(1, Math.abs(usable.forecast(hour, hour) / usable.demand(hour) - 1)),
  );
}

function usableBy(forecast: Judged, demand: Judged, start: number) {
  const basic = forecast.judgement.rejected.slice();
  return {
    forecast: (hour: number, comparedAt: number) => {
      const deadline = knownAt(start + (comparedAt + 1) * HOUR_SECONDS);
      const inTime = basic[hour] === 0 && forecast.series.availableAt[hour]! <= deadline;
      return inTime ? forecast.series.value[hour]! : Number.NaN;
    },
    demand: (hour: number) =>
      demand.judgement.rejected[hour] === 0 ? demand.series.value[hour]! : Number.NaN,
  };
}

/** Only hours that every shift has a value for are compared. */
function onCommonHours(arrays: Float64Array[]): Float64Array[] {
  return arrays.map((array) =>
    array.map((value, i) => (arrays.some((other) => Number.isNaN(other[i]!)) ? Number.NaN : value)),
  );
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
