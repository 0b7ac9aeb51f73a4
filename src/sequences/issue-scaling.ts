import { z } from 'zod';
import type { IssueTable } from '../day-ahead/issue-table.ts';
import { issueDetails } from '../day-ahead/read.ts';
import { BadInputError } from '../errors.ts';

/** Beyond so many standard deviations a value is cut: a linear model must not follow a fault. */
const CLIP = 5;

/** By target hour, then column: H × F. */
const hourScaling = z.strictObject({
  mean: z.array(z.number()),
  /** 0 marks what never had a value in training, or always the same: its input stays 0. */
  std: z.array(z.number().nonnegative()),
});

/**
 * What turns an issue table's features into a network's, fitted on training issues alone: by region and hour, so that
 * what is left of a feature is how this day differs from others, not how nights differ from evenings.
 */
export const issueScaling = issueDetails.extend({ regions: z.record(z.string(), hourScaling) });
export type IssueScaling = z.infer<typeof issueScaling>;

/** Mean and standard deviation of each feature of each target hour; what is NaN does not count. */
export function fitIssueScaling({
  features,
  horizon,
  columns,
}: Pick<IssueTable, 'features' | 'horizon' | 'columns'>) {
  const width = horizon * columns.length;
  const count = new Float64Array(width);
  const mean = new Float64Array(width);
  const squares = new Float64Array(width);
  for (let at = 0; at < features.length; at += width) {
    for (let i = 0; i < width; i++) {
      const value = features[at + i]!;
      if (!Number.isFinite(value)) continue;
      const difference = value - mean[i]!;
      count[i] = count[i]! + 1;
      mean[i] = mean[i]! + difference / count[i]!;
      squares[i] = squares[i]! + difference * (value - mean[i]!);
    }
  }
  const std = Array.from(squares, (sum, i) => {
    const found = Math.sqrt(sum / Math.max(1, count[i]!));
    // Rounding alone makes a constant vary by so much.
    return found > 1e-6 * Math.max(1e-3, Math.abs(mean[i]!)) ? found : 0;
  });
  return { mean: [...mean], std };
}

/** Features as the network takes them: M × H × F z-scores, cut, 0 where there is no value. */
export function standardised(
  features: Float32Array,
  { regions }: IssueScaling,
  region: string,
): Float32Array {
  const scaling = Object.hasOwn(regions, region) ? regions[region] : undefined;
  if (!scaling) {
    throw new BadInputError(
      `The model does not know the region ${region}.`,
      `It was trained on ${Object.keys(regions).join(', ')}.`,
    );
  }
  const { mean, std } = scaling;
  const width = mean.length;
  const result = new Float32Array(features.length);
  for (let at = 0; at < features.length; at += width) {
    for (let i = 0; i < width; i++) {
      const deviation = std[i]!;
      const scaled = deviation === 0 ? 0 : (features[at + i]! - mean[i]!) / deviation;
      result[at + i] = Number.isNaN(scaled) ? 0 : Math.max(-CLIP, Math.min(CLIP, scaled));
    }
  }
  return result;
}
