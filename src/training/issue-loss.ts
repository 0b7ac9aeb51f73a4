export interface IssueLossOptions {
  /** Levels, ascending. */
  quantiles: readonly number[];
  /** The unit of the outputs, as a log-ratio. */
  scale: number;
  /** What a forecast below the actual costs, where one above it costs 1. */
  shortCost: number;
}

/**
 * Pinball loss of (target / scale − output), doubled, so that its median is counted as an absolute error, as the mean
 * over the levels (Koenker & Bassett 1978). Where being short costs more, quantile τ comes to lie at
 * τ·c / (τ·c + 1 − τ) of the distribution. Outputs are cells × levels, targets and weights one a cell, NaN where masked.
 * As in `weightedLoss`, nothing is divided by the weight yet.
 */
export function pinballLoss(
  outputs: Float32Array,
  targets: Float32Array,
  weights: Float32Array,
  { quantiles, scale, shortCost }: IssueLossOptions,
): { sum: number; total: number; gradient: Float32Array } {
  const levels = quantiles.length;
  const gradient = new Float32Array(outputs.length);
  let sum = 0;
  let total = 0;
  for (let cell = 0; cell < targets.length; cell++) {
    const target = targets[cell]! / scale;
    if (Number.isNaN(target)) continue;
    const weight = weights[cell]!;
    const share = (2 * weight) / levels;
    total += weight;
    for (let q = 0; q < levels; q++) {
      const at = cell * levels + q;
      const short = target - outputs[at]!;
      const slope = short > 0 ? quantiles[q]! * shortCost : quantiles[q]! - 1;
      sum += share * slope * short;
      gradient[at] = -share * slope;
    }
  }
  return { sum, total, gradient };
}
