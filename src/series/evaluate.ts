/** Errors of one forecaster on one target's windows, of standardised values. */
export class ErrorSums {
  /** By step ahead. */
  readonly squared: Float64Array;
  readonly absolute: Float64Array;
  windows = 0;

  constructor(horizon: number) {
    this.squared = new Float64Array(horizon);
    this.absolute = new Float64Array(horizon);
  }

  /** `count` windows whose first target row is `origin` and the rows after it; answers are count × horizon. */
  add(answers: Float64Array, truth: Float64Array, origin: number, count: number): void {
    const horizon = this.squared.length;
    for (let i = 0; i < count; i++) {
      for (let h = 0; h < horizon; h++) {
        const error = answers[i * horizon + h]! - truth[origin + i + h]!;
        this.squared[h]! += error * error;
        this.absolute[h]! += Math.abs(error);
      }
    }
    this.windows += count;
  }
}

/** Means over windows, steps and targets. */
export function meanErrors(errors: readonly ErrorSums[]): { mse: number; mae: number } {
  const total = errors.reduce((sum, { windows, squared }) => sum + windows * squared.length, 0);
  const mean = (of: 'squared' | 'absolute') =>
    errors.reduce((sum, each) => sum + each[of].reduce((a, b) => a + b, 0), 0) / total;
  return { mse: mean('squared'), mae: mean('absolute') };
}

/** Mean squared error by step ahead, over all targets. */
export const errorsBySteps = (errors: readonly ErrorSums[]): number[] =>
  Array.from(
    errors[0]!.squared,
    (_, h) => errors.reduce((sum, { squared, windows }) => sum + squared[h]! / windows, 0) / errors.length,
  );
