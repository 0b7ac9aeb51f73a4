import { z } from 'zod';
import { artifactReference } from './artifact.ts';
import { DISTINCT_REGIONS, regionCode, regionCodes } from './regions.ts';
import { dateBound, hourStamp } from './time.ts';

export const sourceName = z.enum(['eia', 'caiso']);
export const routeName = z.enum([
  'region-data',
  'fuel-type-data',
  'interchange-data',
  'SLD_FCST',
  'ENE_SLRS',
  'SLD_REN_FCST',
]);
export type RouteName = z.infer<typeof routeName>;

export const ingestionInput = z.strictObject({
  source: sourceName.default('eia').describe('Which API to read'),
  regions: regionCodes
    .default(DISTINCT_REGIONS)
    .describe('TEX is ERCO under another name, so it is not a default'),
  routes: z
    .array(routeName)
    .min(1)
    .optional()
    .describe('Default: region-data and fuel-type-data for EIA, all three for CAISO'),
  from: dateBound.optional().describe('Default: the first hour the source has'),
  to: dateBound.optional().describe('Default: the last hour the source has'),
  mode: z
    .enum(['full', 'test'])
    .default('full')
    .describe('test takes January 2024, whatever from and to say'),
  dfAvailability: z
    .enum(['operator', 'eia'])
    .default('operator')
    .describe(
      'When a day-ahead forecast is known: when the operator holds it (10:00 local the day before) or when EIA publishes it',
    ),
  dataset: z
    .enum(['period', 'whole'])
    .default('period')
    .describe(
      'What the dataset holds: the period that was fetched, or with it all that the home has of these regions and routes',
    ),
});
export type IngestionInput = z.infer<typeof ingestionInput>;

/** The unit of durable work: one activity fetches one window; its pages are the checkpoints inside it. */
export const ingestionWindow = z.strictObject({
  source: sourceName,
  route: routeName,
  region: regionCode,
  /** First and last hour's end, both included. */
  from: hourStamp,
  to: hourStamp,
  dfAvailability: z.enum(['operator', 'eia']),
});
export type IngestionWindow = z.infer<typeof ingestionWindow>;

export const ingestionPlan = z.strictObject({
  windows: z.array(ingestionWindow).max(1000),
  /** What is expected, from the span and the page size, before anything is fetched. */
  estimate: z.strictObject({ records: z.number().int(), requests: z.number().int(), seconds: z.number() }),
  period: z.strictObject({ from: hourStamp, to: hourStamp }),
});
export type IngestionPlan = z.infer<typeof ingestionPlan>;

/** Small: over 72 windows' worth of these cross Temporal; the rows themselves lie in the lake. */
export const windowResult = z.strictObject({
  records: z.number().int(),
  pages: z.number().int(),
  /** Pages whose raw reply was already stored, so that nothing was fetched for them. */
  pagesReused: z.number().int(),
  bytes: z.number().int(),
  files: z.number().int(),
  quarantined: z.number().int(),
});
export type WindowResult = z.infer<typeof windowResult>;

/** One line of the account of a run: a series of a region over the period asked for. */
export const seriesAccount = z.strictObject({
  region: regionCode,
  /** `D`, `DF`, `NG`, `TI`, or a fuel such as `FUEL:SUN`. */
  series: z.string(),
  present: z.number().int(),
  missing: z.number().int(),
  revised: z.number().int(),
  quarantined: z.number().int(),
  firstHour: hourStamp.nullable(),
  lastHour: hourStamp.nullable(),
});
export type SeriesAccount = z.infer<typeof seriesAccount>;

export const ingestionResult = z.strictObject({
  /** A `grid` manifest. */
  dataset: artifactReference,
  period: z.strictObject({ from: hourStamp, to: hourStamp }),
  mode: z.enum(['full', 'test']),
  files: z.number().int(),
  records: z.number().int(),
  bytes: z.number().int(),
  successRate: z.number(),
  /** At most 60 lines; the manifest has all, in `details.account`. */
  account: z.array(seriesAccount),
});
export type IngestionResult = z.infer<typeof ingestionResult>;

/** What closes a run: its windows are in the lake, their sums are known. */
export const completeIngestionInput = z.strictObject({
  ingestion: ingestionInput,
  period: z.strictObject({ from: hourStamp, to: hourStamp }),
  /** Sums over the windows that were fetched. */
  totals: windowResult,
  windows: z.number().int().positive(),
  failedWindows: z.number().int().nonnegative(),
  seconds: z.number(),
});
export type CompleteIngestionInput = z.infer<typeof completeIngestionInput>;

/** What `ingestionWorkflow` returns: the result, and how much of it was fetched just now. */
export const ingestionOutcome = ingestionResult.extend({
  pages: z.number().int(),
  pagesReused: z.number().int(),
  failedWindows: z.number().int(),
});
export type IngestionOutcome = z.infer<typeof ingestionOutcome>;
