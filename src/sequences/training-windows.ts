import { seasonalLag } from './seasonal-base.ts';

/** Of a window's targets, at least so many have to have a value: a window without any teaches nothing. */
const LEAST_VALID_SHARE = 0.5;

export interface WindowPlan {
  sequenceLength: number;
  stride: number;
  horizon: number;
  /** Rows to train on, `to` excluded. */
  from: number;
  to: number;
}

/**
 * Where training sequences start: every `stride` hours as long as the sequence and all hours it is to predict lie
 * inside the training rows, and half of these have a value.
 */
export function trainingWindows(known: Float32Array, final: Float32Array, plan: WindowPlan): number[] {
  const { sequenceLength, stride, horizon, from, to } = plan;
  const counts = validTargets(known, final, horizon);
  const starts: number[] = [];
  for (let start = from; start + sequenceLength + horizon <= to; start += stride) {
    let valid = 0;
    for (let t = start; t < start + sequenceLength; t++) valid += counts[t]!;
    if (valid >= LEAST_VALID_SHARE * sequenceLength * horizon) starts.push(start);
  }
  return starts;
}

/** At every row, how many of the leads 1 … horizon have a target. */
function validTargets(known: Float32Array, final: Float32Array, horizon: number): Uint16Array {
  return Uint16Array.from(known, (_value, t) => {
    let valid = 0;
    for (let lead = 1; lead <= horizon; lead++) {
      if (final[t + lead]! > 0 && known[t + lead - seasonalLag(lead)]! > 0) valid++;
    }
    return valid;
  });
}
