import { fromBfloat16 } from './wire.ts';

interface Measured {
  largest: number;
  largestError: number;
  squares: number;
  errorSquares: number;
}

/** How far what travelled is from what was meant, over everything it has been shown. */
export class WireError {
  readonly #tensors = new Map<string, Measured>();

  add(tensor: string, exact: Float32Array, halves: Uint16Array): void {
    const sums = this.#tensors.get(tensor) ?? {
      largest: 0,
      largestError: 0,
      squares: 0,
      errorSquares: 0,
    };
    this.#tensors.set(tensor, sums);
    const rounded = new Float32Array(halves.length);
    fromBfloat16(halves, rounded);
    for (let i = 0; i < exact.length; i++) {
      const value = exact[i]!;
      const error = Math.abs(value - rounded[i]!);
      sums.largest = Math.max(sums.largest, Math.abs(value));
      sums.largestError = Math.max(sums.largestError, error);
      sums.squares += value * value;
      sums.errorSquares += error * error;
    }
  }

  /** By tensor (k, v, dk, dv): the largest error in terms of the largest value, and the root mean squares' ratio. */
  relative(): Record<string, { max: number; rms: number }> {
    const ratio = (a: number, b: number) => (b > 0 ? a / b : 0);
    return Object.fromEntries(
      [...this.#tensors].map(([tensor, { largest, largestError, squares, errorSquares }]) => [
        tensor,
        { max: ratio(largestError, largest), rms: Math.sqrt(ratio(errorSquares, squares)) },
      ]),
    );
  }

  /** One line for a log. */
  toString(): string {
    const each = Object.entries(this.relative()).map(
      ([tensor, { max, rms }]) => `${tensor} ${max.toExponential(1)} (rms ${rms.toExponential(1)})`,
    );
    return `bfloat16 on the wire, largest error by largest value: ${each.join(', ')}`;
  }
}
