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

/**
 * Smooth L1 of (output − target / scale), whose slope beyond `bend` is 1: its minimum is near the median, which is
 * what MAPE rewards. Returns Σ weight·loss and Σ weight over what has a target, both in float64, and the gradient of
 * the former (tokens × horizon): neither is divided yet, because only the ring knows all the weight of a step.
 */
export function weightedLoss(
  outputs: Float32Array,
  targets: Float32Array,
  weights: Float64Array,
  { scale, bend }: { scale: number; bend: number },
): { sum: number; total: number; gradient: Float32Array } {
  const horizon = weights.length;
  const gradient = new Float32Array(outputs.length);
  let sum = 0;
  let total = 0;
  for (let token = 0; token < outputs.length; token += horizon) {
    for (let lead = 0; lead < horizon; lead++) {
      const target = targets[token + lead]!;
      if (Number.isNaN(target)) continue;
      const weight = weights[lead]!;
      const error = outputs[token + lead]! - target / scale;
      const size = Math.abs(error);
      total += weight;
      sum += weight * (size < bend ? (size * size) / (2 * bend) : size - bend / 2);
      gradient[token + lead] = weight * (size < bend ? error / bend : Math.sign(error));
    }
  }
  return { sum, total, gradient };
}
