/** How much each lead counts, by lead − 1. */
export function leadWeights(horizon: number, { from, to, others }: LeadEmphasis): Float64Array {
  return Float64Array.from({ length: horizon }, (_, i) => (i + 1 >= from && i + 1 <= to ? 1 : others));
}

export interface LeadEmphasis {
  /** First and last lead that count fully. */
  from: number;
  to: number;
  /** What the other leads count. */
  others: number;
}

export function totalWeight(targets: Float32Array, weights: Float64Array): number {
  let total = 0;
  for (let i = 0; i < targets.length; i++) {
    if (!Number.isNaN(targets[i]!)) total += weights[i % weights.length]!;
  }
  return total;
}

/**
 * Smooth L1 of (output − target / scale), whose slope beyond `bend` is 1: its minimum is near the median, which is
 * what MAPE rewards. Returns Σ weight·loss in float64, and the gradient of Σ weight·loss / `total` (tokens × horizon).
 */
export function weightedLoss(
  outputs: Float32Array,
  targets: Float32Array,
  weights: Float64Array,
  { scale, bend, total }: { scale: number; bend: number; total: number },
): { sum: number; gradient: Float32Array } {
  const gradient = new Float32Array(outputs.length);
  let sum = 0;
  for (let i = 0; i < outputs.length; i++) {
    const target = targets[i]!;
    if (Number.isNaN(target)) continue;
    const weight = weights[i % weights.length]!;
    const error = outputs[i]! - target / scale;
    const size = Math.abs(error);
    sum += weight * (size < bend ? (size * size) / (2 * bend) : size - bend / 2);
    gradient[i] = (weight * (size < bend ? error / bend : Math.sign(error))) / total;
  }
  return { sum, gradient };
}
