import { z } from 'zod';

const count = z.number().int().nonnegative();

export const histogram = z.strictObject({
  /** Upper ends, ascending; each is in. */
  bounds: z.array(z.number()),
  /** One more than bounds: the last is of what lies above all. */
  counts: z.array(count),
  sum: z.number(),
  max: z.number(),
});
export type Histogram = z.infer<typeof histogram>;

export const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** What rounding alone does lies below 1e-5. */
export const DIFFERENCES = [0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1, 10, 100, 1000];

export const emptyHistogram = (bounds: readonly number[]): Histogram => ({
  bounds: [...bounds],
  counts: new Array<number>(bounds.length + 1).fill(0),
  sum: 0,
  max: 0,
});

/** `value` is finite and not below 0. */
export function observe(into: Histogram, value: number): void {
  const found = into.bounds.findIndex((bound) => value <= bound);
  into.counts[found < 0 ? into.bounds.length : found]! += 1;
  into.sum += value;
  into.max = Math.max(into.max, value);
}

export const mergeHistograms = (a: Histogram, b: Histogram): Histogram => ({
  bounds: a.bounds,
  counts: a.counts.map((one, i) => one + b.counts[i]!),
  sum: a.sum + b.sum,
  max: Math.max(a.max, b.max),
});

export const countOf = ({ counts }: Histogram): number => counts.reduce((sum, one) => sum + one, 0);

/** A value that this share of all does not exceed: the upper end of its bucket, or the greatest there was. */
export function quantileOf(of: Histogram, share: number): number {
  const rank = Math.max(1, Math.ceil(share * countOf(of)));
  let below = 0;
  for (const [i, one] of of.counts.entries()) {
    below += one;
    if (below >= rank) return Math.min(of.bounds[i] ?? of.max, of.max);
  }
  return of.max;
}
