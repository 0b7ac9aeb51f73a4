import { viewOf, type ParameterLayout } from '../model/parameters.ts';

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

/** Scales the gradient down to a norm of at most `limit`; returns its norm before. Summed in float64. */
export function clipByGlobalNorm(gradient: Float32Array, limit: number): number {
  let squares = 0;
  for (let i = 0; i < gradient.length; i++) squares += gradient[i]! * gradient[i]!;
  const norm = Math.sqrt(squares);
  if (norm > limit) for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i]! * limit) / norm;
  return norm;
}

/** One step, in place. */
export function applyAdamW(
  state: OptimizerState,
  gradient: Float32Array,
  layout: ParameterLayout,
  learningRate: number,
  { beta1, beta2, epsilon, weightDecay }: AdamWSettings,
): void {
  state.step++;
  const unbias1 = 1 / (1 - beta1 ** state.step);
  const unbias2 = 1 / (1 - beta2 ** state.step);
  for (const parameter of layout.parameters) {
    const [w, g, m, v] = [state.weights, gradient, state.m, state.v].map((flat) =>
      viewOf(flat, parameter),
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const rate = learningRate * parameter.rateFactor;
    const keep = parameter.decays ? 1 - rate * weightDecay : 1;
    for (let i = 0; i < w.length; i++) {
      const value = g[i]!;
      m[i] = beta1 * m[i]! + (1 - beta1) * value;
      v[i] = beta2 * v[i]! + (1 - beta2) * value * value;
      w[i] = keep * w[i]! - (rate * m[i]! * unbias1) / (Math.sqrt(v[i]! * unbias2) + epsilon);
    }
  }
}
