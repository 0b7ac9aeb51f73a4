import type { Tally } from './tally.ts';

export interface Effect {
  /** The treatment's improvement over the control: above 0 it is better. */
  estimate: number;
  /** Squared standard error. */
  variance: number;
}

export interface EffectKind {
  kind: 'absolute' | 'relative';
  higherIsBetter: boolean;
}

/**
 * The variance of few users is often too small where rare outcomes matter: none of them has come yet. One below that of
 * both variants is therefore drawn up to it, as if so many more users had been like all; one above it stands.
 */
const DRAWN_UP_BY = 500;

/** Null while a variant has no value, nothing varies, or a relative difference has nothing to relate to. */
export function effectOf(
  control: Tally,
  treatment: Tally,
  { kind, higherIsBetter }: EffectKind,
): Effect | null {
  const [c, t] = [control.ratio, treatment.ratio];
  if (c === null || t === null || control.units < 2 || treatment.units < 2) return null;
  const [ofControl, ofTreatment] = [control.unitVariance(c), treatment.unitVariance(t)];
  const units = control.units + treatment.units;
  const common = (control.units * ofControl + treatment.units * ofTreatment) / units;
  const squaredError = (unitVariance: number, n: number) =>
    (unitVariance >= common ? unitVariance : (n * unitVariance + DRAWN_UP_BY * common) / (n + DRAWN_UP_BY)) /
    n;
  const [errorC, errorT] = [
    squaredError(ofControl, control.units),
    squaredError(ofTreatment, treatment.units),
  ];
  const sign = higherIsBetter ? 1 : -1;
  if (kind === 'absolute') return positive({ estimate: sign * (t - c), variance: errorC + errorT });
  // By the delta method. A control near 0 has no shares.
  if (c * c <= 25 * errorC) return null;
  const share = t / c;
  return positive({
    estimate: sign * Math.sign(c) * (share - 1),
    variance: (errorT + share * share * errorC) / (c * c),
  });
}

const positive = (effect: Effect) => (effect.variance > 0 ? effect : null);
