/**
 * Quantiles that never cross: from each row of `steps` (one number a level) the median is taken as it is, and each level
 * beyond it lies softplus(its number) further out than the one before.
 */
export function quantilesOf(steps: Float32Array, levels: readonly number[]): Float32Array {
  const count = levels.length;
  const median = levels.indexOf(0.5);
  const quantiles = new Float32Array(steps.length);
  for (let at = 0; at < steps.length; at += count) {
    quantiles[at + median] = steps[at + median]!;
    for (let q = median + 1; q < count; q++) {
      quantiles[at + q] = quantiles[at + q - 1]! + softplus(steps[at + q]!);
    }
    for (let q = median - 1; q >= 0; q--) {
      quantiles[at + q] = quantiles[at + q + 1]! - softplus(steps[at + q]!);
    }
  }
  return quantiles;
}

/** The gradient of `steps`, given that of the quantiles. */
export function quantilesBack(
  steps: Float32Array,
  dQuantiles: Float32Array,
  levels: readonly number[],
): Float32Array {
  const count = levels.length;
  const median = levels.indexOf(0.5);
  const dSteps = new Float32Array(steps.length);
  for (let at = 0; at < steps.length; at += count) {
    let above = 0;
    for (let q = count - 1; q > median; q--) {
      above += dQuantiles[at + q]!;
      dSteps[at + q] = above * slope(steps[at + q]!);
    }
    let below = 0;
    for (let q = 0; q < median; q++) {
      below += dQuantiles[at + q]!;
      dSteps[at + q] = -below * slope(steps[at + q]!);
    }
    dSteps[at + median] = above + below + dQuantiles[at + median]!;
  }
  return dSteps;
}

/** Steps whose quantiles are these; the reverse of `quantilesOf`, for one row. */
export function stepsTo(quantiles: readonly number[], levels: readonly number[]): number[] {
  const median = levels.indexOf(0.5);
  return quantiles.map((value, q) => {
    if (q === median) return value;
    return inverseSoftplus(Math.abs(value - quantiles[q < median ? q + 1 : q - 1]!));
  });
}

/** So close that two quantiles are one. */
const LEAST_GAP = 1e-3;

const softplus = (x: number) => (x > 20 ? x : Math.log1p(Math.exp(x)));
const slope = (x: number) => 1 / (1 + Math.exp(-x));
const inverseSoftplus = (gap: number) => {
  const y = Math.max(gap, LEAST_GAP);
  return y > 20 ? y : Math.log(Math.expm1(y));
};
