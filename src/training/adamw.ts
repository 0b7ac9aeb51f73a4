import type { ParameterLayout } from '../model/parameters.ts';

/** Decoupled weight decay (Loshchilov & Hutter 2019). `beta2` below Adam's 0.999 suits runs of a few hundred steps. */
export interface AdamWSettings {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}

/** All that a step changes; flat arrays in the layout of the parameters. */
export interface OptimizerState {
  weights: Float32Array;
  /** First and second moment of the gradient. */
  m: Float32Array;
  v: Float32Array;
  /** Steps taken. */
  step: number;
}

export function freshState(weights: Float32Array): OptimizerState {
  return { weights, m: new Float32Array(weights.length), v: new Float32Array(weights.length), step: 0 };
}

/**
 * The norm of `gradient` / `divisor`, and the factor that makes of `gradient` that quotient, no longer than `limit`.
 * Summed in float64. The gradient itself is left alone: AdamW applies the factor as it reads.
 */
export function clipByGlobalNorm(
  gradient: Float32Array,
  divisor: number,
  limit: number,
): { norm: number; factor: number } {
  let squares = 0;
  for (let i = 0; i < gradient.length; i++) squares += gradient[i]! * gradient[i]!;
  const norm = Math.sqrt(squares) / divisor;
  return { norm, factor: Math.min(1, limit / norm) / divisor };
}

/** One step, in place, with `factor` · `gradient`. */
export function applyAdamW(
  state: OptimizerState,
  gradient: Float32Array,
  layout: ParameterLayout,
  { learningRate, factor }: { learningRate: number; factor: number },
  { beta1, beta2, epsilon, weightDecay }: AdamWSettings,
): void {
  const { weights, m, v } = state;
  state.step++;
  const unbias1 = 1 / (1 - beta1 ** state.step);
  const unbias2 = 1 / (1 - beta2 ** state.step);
  for (const { offset, shape, decays, rateFactor } of layout.parameters) {
    const rate = learningRate * rateFactor;
    const keep = decays ? 1 - rate * weightDecay : 1;
    const stepSize = rate * unbias1;
    const end = offset + shape[0] * shape[1];
    for (let i = offset; i < end; i++) {
      const value = factor * gradient[i]!;
      const first = beta1 * m[i]! + (1 - beta1) * value;
      const second = beta2 * v[i]! + (1 - beta2) * value * value;
      m[i] = first;
      v[i] = second;
      weights[i] = keep * weights[i]! - (stepSize * first) / (Math.sqrt(second * unbias2) + epsilon);
    }
  }
}
