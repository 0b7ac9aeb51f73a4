/** `{ quantile: 0.9 }` is the pinball loss: nine rows of ten lie below the prediction. */
export type Loss = 'squared' | 'absolute' | { quantile: number };

/**
 * What a loss asks of boosting. Trees are grown on its gradient with the weights as second derivative; for
 * absolute and pinball loss the leaf then takes the quantile of its residuals, as their gradient has only a sign
 * (Friedman, _Greedy function approximation_, 2001, algorithm 3).
 */
export interface LossRules {
  gradient(prediction: number, target: number): number;
  /** The constant that is best for these rows; sorts what it is given. */
  best(residuals: Float64Array, weights: Float64Array | undefined): number;
}

export function rulesOf(loss: Loss): LossRules {
  if (loss === 'squared')
    return { gradient: (prediction, target) => prediction - target, best: weightedMean };
  const q = loss === 'absolute' ? 0.5 : loss.quantile;
  return {
    gradient: (prediction, target) => (prediction > target ? 1 - q : prediction < target ? -q : 0),
    best: (residuals, weights) => weightedQuantile(residuals, weights, q),
  };
}

function weightedMean(residuals: Float64Array, weights: Float64Array | undefined): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < residuals.length; i++) {
    const weight = weights ? weights[i]! : 1;
    sum += weight * residuals[i]!;
    total += weight;
  }
  return total > 0 ? sum / total : 0;
}

/**
 * The least value with more than q of the weight up to it; where a value has just q, the middle of it and the next.
 * A row of weight 3 counts as three rows do.
 */
function weightedQuantile(values: Float64Array, weights: Float64Array | undefined, q: number): number {
  const order = weights && Uint32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  if (!order) values.sort();
  const total = weights ? weights.reduce((sum, weight) => sum + weight, 0) : values.length;
  const rounding = 1e-12 * total;
  let reached = 0;
  let justReached: number | undefined;
  for (let i = 0; i < values.length; i++) {
    const row = order ? order[i]! : i;
    const weight = weights ? weights[row]! : 1;
    if (weight === 0) continue;
    const value = values[row]!;
    if (justReached !== undefined) return (justReached + value) / 2;
    reached += weight;
    if (reached > q * total + rounding) return value;
    if (reached >= q * total - rounding) justReached = value;
  }
  return justReached ?? 0;
}
