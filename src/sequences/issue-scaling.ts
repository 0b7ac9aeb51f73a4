import { z } from 'zod';
import { columnsReadBy } from '../contracts/column-roles.ts';
import type { IssueColumn, IssueTable } from '../day-ahead/issue-table.ts';
import { issueDetails } from '../day-ahead/read.ts';
import { BadInputError } from '../errors.ts';

/** Beyond so many standard deviations a value is cut: a linear model must not follow a fault. */
export const CLIP = 5;

const moments = z.strictObject({
  mean: z.array(z.number()),
  /** 0 marks what never had a value in training, or always the same: its input stays 0. */
  std: z.array(z.number().nonnegative()),
});
type Moments = z.infer<typeof moments>;

/**
 * What turns an issue table's features into a network's, fitted on training issues alone: by region and hour, so that
 * what is left of a feature is how this day differs from others, not how nights differ from evenings.
 */
export const issueScaling = issueDetails.extend({
  regions: z.record(
    z.string(),
    z.strictObject({
      /** Target hours × columns that differ between them. */
      hours: moments,
      /** Columns of the whole day. */
      day: moments,
    }),
  ),
});
export type IssueScaling = z.infer<typeof issueScaling>;

/** What is known of issues: of each target hour (M × H × F), and of their days (M × D), the same for all hours. */
export interface IssueValues {
  features: Float32Array;
  day: Float32Array;
}

type Features = Pick<IssueTable, 'features' | 'horizon' | 'columns'>;

/** The columns that a network takes: those that say something of each hour, and those of the whole day. */
export function columnsOf(columns: readonly IssueColumn[]): { own: IssueColumn[]; day: IssueColumn[] } {
  const places = placesOf(columns);
  return { own: places.own.map((i) => columns[i]!), day: places.day.map((i) => columns[i]!) };
}

function placesOf(columns: readonly IssueColumn[]): { own: number[]; day: number[] } {
  const taken = columnsReadBy('network', columns);
  return {
    own: taken.filter((i) => !columns[i]!.profile),
    day: taken.filter((i) => columns[i]!.profile),
  };
}

export function fitIssueScaling(table: Features): IssueScaling['regions'][string] {
  const { features, day } = splitFeatures(table);
  const { own, day: ofDay } = columnsOf(table.columns);
  return {
    hours: momentsOf(features, table.horizon * own.length),
    day: momentsOf(day, ofDay.length),
  };
}

/** Features as the network takes them: z-scores, cut, 0 where there is no value. */
export function standardised(table: Features, { regions }: IssueScaling, region: string): IssueValues {
  const scaling = Object.hasOwn(regions, region) ? regions[region] : undefined;
  if (!scaling) {
    throw new BadInputError(
      `The model does not know the region ${region}.`,
      `It was trained on ${Object.keys(regions).join(', ')}.`,
    );
  }
  const { features, day } = splitFeatures(table);
  scale(features, scaling.hours);
  scale(day, scaling.day);
  return { features, day };
}

/** A value of the day stands at every hour that can be forecast; the first that has it will do. */
function splitFeatures({ features, horizon, columns }: Features): IssueValues {
  const { own, day: ofDay } = placesOf(columns);
  const width = columns.length;
  const cells = features.length / width;
  const split = {
    features: new Float32Array(cells * own.length),
    day: new Float32Array((cells / horizon) * ofDay.length).fill(Number.NaN),
  };
  for (let cell = 0, at = 0; cell < cells; cell++) {
    for (const column of own) split.features[at++] = features[cell * width + column]!;
    const issue = Math.floor(cell / horizon) * ofDay.length;
    for (let i = 0; i < ofDay.length; i++) {
      if (Number.isNaN(split.day[issue + i]!)) split.day[issue + i] = features[cell * width + ofDay[i]!]!;
    }
  }
  return split;
}

/** Of each column of rows of `width`; what is NaN does not count. */
function momentsOf(rows: Float32Array, width: number): Moments {
  const count = new Float64Array(width);
  const mean = new Float64Array(width);
  const squares = new Float64Array(width);
  for (let at = 0; at < rows.length; at += width) {
    for (let i = 0; i < width; i++) {
      const value = rows[at + i]!;
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

function scale(rows: Float32Array, { mean, std }: Moments): void {
  const width = mean.length;
  for (let at = 0; at < rows.length; at += width) {
    for (let i = 0; i < width; i++) {
      const deviation = std[i]!;
      const scaled = deviation === 0 ? 0 : (rows[at + i]! - mean[i]!) / deviation;
      rows[at + i] = Number.isNaN(scaled) ? 0 : Math.max(-CLIP, Math.min(CLIP, scaled));
    }
  }
}
