import { normalQuantile } from './normal.ts';

/**
 * The mixture of normals that makes looks at any time safe: the effect's prior is N(0, τ²), the test statistic after
 * information I = 1/se² is compared with what 1/α times the odds would be (Robbins 1970; Johari, Pekelis and Walsh,
 * "Always valid inference", 2022, the mixture SPRT; as an asymptotic confidence sequence for means with unknown
 * variance: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, theorem 2.2).
 *
 * `x` is τ²·I: the information gathered, in units of the prior's.
 */
export interface Design {
  alpha: number;
  /** Information at which the planned effect is found with the planned chance. */
  plannedInformation: number;
  /** τ², fixed before any outcome: the sequence is then narrowest at the planned information. */
  priorVariance: number;
}

/** Deviations that the statistic must lie from 0 at `x` for the difference to count. */
export const boundaryAt = (x: number, alpha: number) =>
  Math.sqrt(((1 + x) / x) * Math.log((1 + x) / (alpha * alpha)));

/** Log of the odds that the mixture gives against no effect. A martingale under it: it exceeds log(1/α) with chance α. */
export const logOdds = (z: number, x: number) => 0.5 * ((z * z * x) / (1 + x) - Math.log(1 + x));

/** Where the boundary is lowest: x = log((1 + x)/α²); there it is √(1 + x). */
export function tightest(alpha: number): number {
  let x = -2 * Math.log(alpha);
  for (let i = 0; i < 60; i++) x = Math.log((1 + x) / (alpha * alpha));
  return x;
}

/**
 * For an effect of `threshold`, in the units in which it is estimated. The chance that the statistic lies beyond the
 * boundary at the planned information is `power`; that it did so before adds to it.
 */
export function designOf({
  alpha,
  power,
  threshold,
}: {
  alpha: number;
  power: number;
  threshold: number;
}): Design {
  const x = tightest(alpha);
  const plannedInformation = ((Math.sqrt(1 + x) + normalQuantile(power)) / threshold) ** 2;
  return { alpha, plannedInformation, priorVariance: x / plannedInformation };
}

/** What one look at the end, and none before, would need. */
export const fixedInformation = ({
  alpha,
  power,
  threshold,
}: {
  alpha: number;
  power: number;
  threshold: number;
}) => ((normalQuantile(1 - alpha / 2) + normalQuantile(power)) / threshold) ** 2;
