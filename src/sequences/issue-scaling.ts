import { z } from 'zod';
import { issueDetails } from '../day-ahead/read.ts';

/** What turns an issue table's features into a network's, fitted on the training issues of all regions together. */
export const issueScaling = issueDetails.extend({
  mean: z.array(z.number()),
  /** 0 marks a column that never had a value in training, or always the same: its input stays 0. */
  std: z.array(z.number().nonnegative()),
});
export type IssueScaling = z.infer<typeof issueScaling>;

/** Mean and standard deviation of each column of a matrix that comes in parts; what is NaN does not count. */
export class ColumnMoments {
  readonly #count: Float64Array;
  readonly #mean: Float64Array;
  readonly #squares: Float64Array;

  constructor(columns: number) {
    this.#count = new Float64Array(columns);
    this.#mean = new Float64Array(columns);
    this.#squares = new Float64Array(columns);
  }

  add(rows: Float32Array): void {
    const [count, mean, squares] = [this.#count, this.#mean, this.#squares];
    const columns = count.length;
    for (let at = 0; at < rows.length; at += columns) {
      for (let c = 0; c < columns; c++) {
        const value = rows[at + c]!;
        if (!Number.isFinite(value)) continue;
        const difference = value - mean[c]!;
        count[c] = count[c]! + 1;
        mean[c] = mean[c]! + difference / count[c]!;
        squares[c] = squares[c]! + difference * (value - mean[c]!);
      }
    }
  }

  scaling(): { mean: number[]; std: number[] } {
    const std = Array.from(this.#squares, (squares, c) => {
      const found = Math.sqrt(squares / Math.max(1, this.#count[c]!));
      // Rounding alone makes a constant vary by so much.
      return found > 1e-6 * Math.abs(this.#mean[c]!) ? found : 0;
    });
    return { mean: [...this.#mean], std };
  }
}

/** Features as the network takes them: z-scores cut at ±clip, 0 where there is no value. */
export function standardised(
  features: Float32Array,
  { mean, std }: IssueScaling,
  clip: number,
): Float32Array {
  const columns = mean.length;
  return features.map((value, i) => {
    const c = i % columns;
    const scaled = std[c] === 0 ? 0 : (value - mean[c]!) / std[c]!;
    return Number.isNaN(scaled) ? 0 : Math.max(-clip, Math.min(clip, scaled));
  });
}
