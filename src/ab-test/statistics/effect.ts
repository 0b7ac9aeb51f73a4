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

/** A variance of few users is drawn towards that of both variants by so many: all alike says little of the next one. */
const SHRUNK_BY = 200;

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
    (n * unitVariance + SHRUNK_BY * common) / (n + SHRUNK_BY) / n;
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
