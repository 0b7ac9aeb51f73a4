import type { ModelConfig } from '../model/config.ts';
import type { Outputs } from '../model/transformer.ts';
import { pinballLoss } from './issue-loss.ts';
import type { SequenceShare } from './sequences-dataset.ts';
import type { ResolvedTraining } from './settings.ts';

export interface Loss {
  /** Σ weight·loss and Σ weight over what has a target: neither is divided yet, because only the ring knows all of it. */
  sum: number;
  total: number;
  /** Of the sum. */
  gradient: Outputs;
}

/**
 * Of all that a model has put out for a share. With an issue head its pinball loss is what counts; the hourly heads help
 * the trunk to learn. A target hour of an issue counts as much as all leads of an hour together, so that the two weigh
 * what the setting says, whatever the horizon.
 */
export function lossOf(
  { horizon, outputScale: scale, issueHead }: Pick<ModelConfig, 'horizon' | 'outputScale' | 'issueHead'>,
  { leads: emphasis, bend, hourlyWeight, issueLoss }: ResolvedTraining,
  outputs: Outputs,
  { targets, issues }: SequenceShare,
): Loss {
  const leads = leadWeights(horizon, emphasis);
  const counts = issueHead && issues ? leads.map((weight) => weight * hourlyWeight) : leads;
  const hourly = weightedLoss(outputs.hourly, targets, counts, { scale, bend });
  if (!issueHead || !issues) {
    return { ...hourly, gradient: { hourly: hourly.gradient, issues: new Float32Array(0) } };
  }
  const worth = leads.reduce((sum, weight) => sum + weight, 0);
  const weights = issues.peaks.map((peak) => worth * (peak ? issueLoss.peakWeight : 1));
  const { shortCost } = issueLoss;
  const { quantiles, scale: unit } = issueHead;
  const ahead = pinballLoss(outputs.issues, issues.targets, weights, { quantiles, scale: unit, shortCost });
  return {
    sum: hourly.sum + ahead.sum,
    total: hourly.total + ahead.total,
    gradient: { hourly: hourly.gradient, issues: ahead.gradient },
  };
}

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
