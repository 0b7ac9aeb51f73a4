import { z } from 'zod';
import { artifactReference } from './artifact.ts';
import { DISTINCT_REGIONS, regionCode, regionCodes } from './regions.ts';
import { ruleChanges } from './rule-changes.ts';
import { HORIZON_HOURS, PRESET_SEQUENCE_HOURS, sequenceHours } from './sequence-length.ts';
import { dateRange, hourStamp } from './time.ts';

/** Small facts about a stage's result, for people: shown in the UI's details, the terminal and the report. */
const facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

export const stageResult = z.strictObject({ dataset: artifactReference, reused: z.boolean(), facts });
export type StageResult = z.infer<typeof stageResult>;

export const validationInput = z.strictObject({
  dataset: artifactReference.describe('A grid manifest'),
  regions: regionCodes.default(DISTINCT_REGIONS),
  period: dateRange.optional().describe('Default: all the dataset has'),
  asOf: hourStamp
    .optional()
    .describe(
      'UTC; the record as known at that moment: nothing later, and what came late counts from its time by rule. Default: each row sees what was known at its own time',
    ),
  rules: ruleChanges.optional().describe('Other limits and effects than those of the rules as shipped'),
});
export type ValidationInput = z.infer<typeof validationInput>;

export const replayInput = validationInput
  .pick({ rules: true })
  .extend({ dataset: artifactReference.describe('A validated manifest') });
export type ReplayInput = z.infer<typeof replayInput>;

export const featuresInput = z.strictObject({
  dataset: artifactReference.describe('A validated manifest'),
  dtype: z.enum(['float32', 'float64']).default('float32'),
  weather: z
    .literal('shipped')
    .optional()
    .describe(
      'Adds columns of the shipped weather forecast runs to the regions that have any; default: none',
    ),
});
export type FeaturesInput = z.infer<typeof featuresInput>;

export const sequencesInput = z.strictObject({
  dataset: artifactReference.describe('A features manifest'),
  regions: regionCodes.default(DISTINCT_REGIONS),
  train: dateRange
    .default({ from: '2015-07', to: '2017' })
    .describe('Normalisation is fitted on these hours only'),
  score: dateRange.default({ from: '2018', to: '2018' }),
  sequenceLength: sequenceHours.default(PRESET_SEQUENCE_HOURS.quick).describe('Hours'),
  stride: z.number().int().min(1).default(168).describe('Hours between the starts of two training sequences'),
  horizon: z
    .number()
    .int()
    .min(1)
    .max(168)
    .default(HORIZON_HOURS)
    .describe('Hours ahead predicted at every hour'),
  issueHourLocal: z
    .number()
    .int()
    .min(0)
    .max(23)
    .default(10)
    .describe('Local standard time, on the day before, that day-ahead forecasts are issued at'),
  inputs: z
    .strictObject({
      operator: z.boolean().default(true).describe("The operator's own day-ahead forecast"),
      weather: z.boolean().default(false).describe('The shipped weather forecast runs'),
      contextHours: z
        .number()
        .int()
        .min(24)
        .optional()
        .describe('Hours of history that columns may look back on; default: all that any column does'),
    })
    .default({ operator: true, weather: false })
    .describe('What day-ahead forecasts know of their target hours besides the calendar and past demand'),
  normaliser: artifactReference
    .optional()
    .describe('Of a model that is to take these inputs; default: fitted on the training hours'),
  goOnWith: artifactReference
    .optional()
    .describe('A normaliser of before to scale these inputs by; default: fitted on the training hours'),
  purpose: z
    .literal('search')
    .optional()
    .describe('Cut for the trials of a search: nobody who names no sequences is given them'),
});
export type SequencesInput = z.infer<typeof sequencesInput>;

export const backtestInput = z.strictObject({
  model: artifactReference.describe('A forecaster manifest, or a training manifest alone'),
  sequences: artifactReference.describe('The sequences manifest it was trained on'),
  features: artifactReference
    .optional()
    .describe('A features manifest to score on instead: a newer record than the one it was trained on'),
  score: dateRange.default({ from: '2018', to: '2018' }),
  issueHourLocal: z
    .number()
    .int()
    .min(0)
    .max(23)
    .default(10)
    .describe('Local standard time, on the day before'),
});
export type BacktestInput = z.infer<typeof backtestInput>;

/** Scores of one region on one set of hours: the same hours for every column. Percent and MW. */
export const regionScore = z.strictObject({
  region: regionCode,
  hours: z.number().int(),
  /** By forecaster: `model`, `operator`, `persistence48`, `persistence168`, `latestKnown`; null where it has no value. */
  mape: z.record(z.string(), z.number().nullable()),
  mae: z.record(z.string(), z.number().nullable()),
  rmse: z.record(z.string(), z.number().nullable()),
  mase: z.record(z.string(), z.number().nullable()),
  /** True when the model's MAPE is below 48 h, 168 h and latest-known persistence. */
  beatsBaselines: z.boolean(),
});
export type RegionScore = z.infer<typeof regionScore>;

export const backtestResult = z.strictObject({
  dataset: artifactReference.describe('A backtest manifest'),
  reused: z.boolean(),
  scores: z.array(regionScore),
});
export type BacktestResult = z.infer<typeof backtestResult>;

export const MODEL_NAME_RULE =
  '1 to 63 lower case letters, digits and dashes, a letter first, such as day-ahead';

export const modelName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, `must be ${MODEL_NAME_RULE}`);

export const registerInput = z.strictObject({
  name: modelName.default('day-ahead'),
  model: artifactReference.describe('A forecaster manifest, or a training manifest alone'),
  backtest: artifactReference.describe('A backtest of that very model, or of what it is a refit of'),
});
export type RegisterInput = z.infer<typeof registerInput>;

export const registerResult = z.strictObject({
  name: modelName,
  version: z.number().int().positive(),
  sha256: z.string(),
  /** True when a version with this very lineage was there already. */
  reused: z.boolean(),
});
export type RegisterResult = z.infer<typeof registerResult>;

export const reportInput = z.strictObject({
  grid: artifactReference,
  validated: artifactReference,
  features: artifactReference,
  sequences: artifactReference,
  model: artifactReference.describe('A training manifest'),
  forecaster: artifactReference.optional().describe('What was fitted with it, where that is what was scored'),
  backtest: artifactReference,
  name: modelName,
  version: z.number().int().positive(),
});
export type ReportInput = z.infer<typeof reportInput>;

export const reportResult = z.strictObject({ report: artifactReference, reused: z.boolean() });
export type ReportResult = z.infer<typeof reportResult>;

/** Of a call that is answered, so that what comes of it can be told. */
export const requestId = z.string().regex(/^[^\s\p{Cc}]{1,200}$/u, {
  error: 'must be 1 to 200 letters without spaces or control letters',
});

export const forecastInput = z.strictObject({
  name: modelName.default('day-ahead'),
  version: z.number().int().positive().optional().describe('Default: the champion'),
  regions: z.array(regionCode).min(1).optional().describe('Default: all that the model was trained on'),
  issuedAt: hourStamp
    .optional()
    .describe('UTC; default: the moment the newest demand in the lake became known'),
  asOf: hourStamp
    .optional()
    .describe('UTC; the newest issue of each region by then, as it would have been; not beside issuedAt'),
  grid: artifactReference
    .optional()
    .describe('Default: for each region the dataset of the home that reaches furthest'),
  user: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Who asks: while a canary runs, its share is then one of the users too'),
  request: requestId
    .optional()
    .describe('Names the call to an A/B test that runs; default: made of regions, issue and user'),
});
export type ForecastInput = z.infer<typeof forecastInput>;
