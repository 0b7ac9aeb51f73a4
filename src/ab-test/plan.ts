import { durationHours, higherIsBetter, thresholdKind, type ABTestConfig } from '../contracts/ab-test.ts';
import { metricOf } from './metrics.ts';
import { designOf, fixedInformation } from './statistics/mixture.ts';

export interface SampleSize {
  users: number;
  control: number;
  treatment: number;
  /** Null where nobody said how many users come. */
  days: number | null;
}

export interface Plan {
  /** By which the improvement asked for is found with the planned chance, looked at as often as one likes. */
  sequential: SampleSize;
  /** What a test that is looked at once, at its end, would need: the price of looking. */
  fixed: SampleSize;
  /** Users with an outcome within max_duration, and the least improvement that so many find with the planned chance. */
  within: { users: number; minimumDetectableEffect: number | null } | null;
  /** What it rests on, in a sentence. */
  assumes: string;
}

/** Null where the metric's spread is unknown beforehand: give baseline and baseline_sd. */
export function planOf(config: ABTestConfig): Plan | null {
  const { alpha, power, success_threshold: threshold, max_duration, users_per_day: daily } = config;
  const variance = varianceOf(config);
  if (variance === null) return null;
  const { plannedInformation } = designOf({ alpha, power, threshold });
  const size = (information: number): SampleSize => {
    const users = information * variance(threshold);
    const treatment = Math.ceil(users * config.traffic_split);
    const control = Math.ceil(users * (1 - config.traffic_split));
    const days = daily === undefined ? null : (treatment + control) / daily;
    return { users: treatment + control, control, treatment, days };
  };
  const users = daily === undefined ? null : Math.floor((daily * durationHours(max_duration)) / 24);
  return {
    sequential: size(plannedInformation),
    fixed: size(fixedInformation({ alpha, power, threshold })),
    within: users === null ? null : { users, minimumDetectableEffect: detectable(config, variance, users) },
    assumes: assumptionsOf(config),
  };
}

/** The least effect that so many users find with the planned chance; null where none does. */
export function detectable(
  { alpha, power }: ABTestConfig,
  variance: (effect: number) => number,
  users: number,
): number | null {
  const needed = (effect: number) =>
    designOf({ alpha, power, threshold: effect }).plannedInformation * variance(effect);
  let [low, high] = [0, 1e-6];
  while (needed(high) > users) {
    [low, high] = [high, 2 * high];
    if (high > 1e9) return null;
  }
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (needed(middle) > users) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Users times the variance of the effect, where it is so large: the variance of one user's outcome in each variant,
 * divided by the share of the users that it gets. An unequal split is paid for by the smaller variant.
 */
export function varianceOf(config: ABTestConfig): ((effect: number) => number) | null {
  const { traffic_split: split, baseline, baseline_sd: sd, positive_share: positives } = config;
  const metric = metricOf(config);
  const isRelative = thresholdKind(config) === 'relative';
  const value = baseline ?? metric.worst;
  if (isRelative && (value === undefined || value === 0)) return null;
  const expected = { baseline, sd, positives };
  const sign = higherIsBetter(config) ? 1 : -1;
  if (metric.unitVariance(value ?? 0, expected) === null) return null;
  return (effect) => {
    const center = value ?? 0;
    const treated = isRelative ? center * (1 + sign * effect) : center + sign * effect;
    const control = metric.unitVariance(center, expected)!;
    // Where nobody said where the control lies, both lie where it takes most.
    const treatment = baseline === undefined ? control : metric.unitVariance(treated, expected)!;
    if (!isRelative) return control / (1 - split) + treatment / split;
    const share = treated / center;
    return ((share * share * control) / (1 - split) + treatment / split) / (center * center);
  };
}

function assumptionsOf(config: ABTestConfig): string {
  const { success_metric: metric, baseline, baseline_sd: sd, positive_share: positives } = config;
  const known =
    baseline === undefined
      ? metricOf(config).worst === undefined
        ? `${metric} of any value`
        : `${metric} where it varies most, as no baseline was given`
      : `a control at ${baseline}`;
  const spread = sd === undefined ? '' : `, one user's outcome spread by ${sd}`;
  const rare = ['f1_score', 'precision', 'recall'].includes(metric)
    ? `, ${100 * positives} % of the outcomes positives`
    : '';
  return `It assumes ${known}${spread}${rare}, and one outcome a user.`;
}
