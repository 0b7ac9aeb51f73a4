import { z } from 'zod';
import { BadInputError, describeIssues } from '../errors.ts';

/** The four series of a six-column frame, MW; the other two columns are `timestamp` and `region`. */
export const SERIES = ['demand_mw', 'generation_mw', 'solar_mw', 'wind_mw'] as const;
export type SeriesName = (typeof SERIES)[number];

export const STATISTICS = ['mean', 'std', 'min', 'max'] as const;
export type Statistic = (typeof STATISTICS)[number];

const hours = z.number().int().min(1).max(8784);
const distinct = (values: number[]) => new Set(values).size === values.length;
const hoursBySeries = (least: number) =>
  z.partialRecord(z.enum(SERIES), z.array(hours.min(least)).refine(distinct, 'must not repeat an hour'));

export const featureConfig = z.strictObject({
  lags: hoursBySeries(1)
    .default({
      // The hours before, the same hour of the days before with its neighbours, and of one to three weeks before.
      demand_mw: [1, 2, 3, 4, 5, 6, 12, 18, 23, 24, 25, 36, 48, 72, 96, 120, 144, 167, 168, 169, 336, 504],
      generation_mw: [1, 24, 48, 72, 168, 336],
      solar_mw: [1, 24, 48, 72, 168, 336],
      wind_mw: [1, 24, 48, 72, 168, 336],
    })
    .describe('Hours back, by series'),
  windows: hoursBySeries(2)
    .default({
      demand_mw: [3, 6, 12, 24, 48, 72, 168, 336, 504, 720],
      generation_mw: [24, 168],
      solar_mw: [24, 72, 168],
      wind_mw: [24, 72, 168],
    })
    .describe('Hours of each trailing window, the row itself included, by series'),
  statistics: z
    .array(z.enum(STATISTICS))
    .min(1)
    .default([...STATISTICS])
    .describe('What is taken of every window'),
  capacityWindowHours: hours
    .min(2)
    .default(720)
    .describe(
      'A series has shown its capacity when it peaked in so many hours: a month, for lack of a register',
    ),
  timeZones: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      'Time zones of regions that Ringwatt does not know, by code, such as {"NYIS": "America/New_York"}',
    ),
  dtype: z.enum(['float32', 'float64']).default('float32').describe('Of the 149 numeric columns'),
});
export type FeatureConfig = z.infer<typeof featureConfig>;
export type FeatureOptions = z.input<typeof featureConfig>;

export function parseFeatureConfig(options: FeatureOptions = {}): FeatureConfig {
  const parsed = featureConfig.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new BadInputError(
    `The feature settings are wrong: ${describeIssues(parsed.error.issues)}.`,
    'Correct them; docs/features.md shows the defaults.',
  );
}
