import { z } from 'zod';
import { artifactReference, sha256Hex } from './artifact.ts';
import { modelName, requestId } from './stages.ts';
import { trainingSettings } from './training.ts';

/** A person's own series: what crosses a boundary on its way from a CSV file to a registered forecaster. */

const columnName = z.string().min(1).max(200);

/** `15min`, `1h`, `1d`: a whole number of seconds, minutes, hours, days or weeks. */
export const frequency = z
  .string()
  .regex(/^[1-9]\d{0,4}(s|min|h|d|w)$/, 'must be a number and s, min, h, d or w, such as 15min or 1h');

/** How the rows are parted in time: whole months of 30 days, as the long-horizon literature counts, or shares. */
export const seriesSplit = z
  .strictObject({
    unit: z.enum(['months', 'fractions']),
    train: z.number().positive().max(1200),
    validation: z.number().positive().max(1200),
    test: z.number().positive().max(1200),
  })
  .superRefine(({ unit, train, validation, test }, context) => {
    if (unit === 'months' || Math.abs(train + validation + test - 1) < 1e-6) return;
    context.addIssue({ code: 'custom', message: 'fractions must add up to 1, such as 0.7/0.1/0.2' });
  });
export type SeriesSplit = z.infer<typeof seriesSplit>;

export const DEFAULT_SPLIT: SeriesSplit = { unit: 'fractions', train: 0.7, validation: 0.1, test: 0.2 };

/** What is read of a file, and what is put up with in it. */
export const seriesColumns = z.strictObject({
  time: columnName.describe('The column of times; those without a zone are taken as UTC'),
  targets: z.array(columnName).min(1).max(2000).describe('The columns to forecast'),
  covariates: z
    .array(columnName)
    .max(200)
    .default([])
    .describe('Columns known ahead for the hours to forecast, such as weather forecasts or holidays'),
  frequency: frequency.optional().describe('Default: the commonest step between two rows'),
  maxGap: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(6)
    .describe('The longest run of missing values, in rows, that is interpolated; longer ones are refused'),
});
export type SeriesColumns = z.infer<typeof seriesColumns>;

export const seriesInput = seriesColumns.extend({
  csv: artifactReference.describe('The file as given, copied into the home'),
});
export type SeriesInput = z.infer<typeof seriesInput>;

/** What is learned from a series: the same for every architecture, so that their scores compare. */
export const seriesPlan = z.strictObject({
  series: artifactReference.describe('A series manifest'),
  horizon: z.number().int().min(1).max(10_000).default(96).describe('Rows ahead'),
  context: z.number().int().min(1).max(100_000).default(336).describe('Rows looked back on'),
  split: seriesSplit.default(DEFAULT_SPLIT),
});
export type SeriesPlan = z.infer<typeof seriesPlan>;

export const seriesArchitecture = z.enum(['linear', 'transformer']);
export type SeriesArchitecture = z.infer<typeof seriesArchitecture>;

export const seriesCutInput = seriesPlan.extend({
  sequenceLength: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('Rows of a training sequence; default: twice the context'),
});
export type SeriesCutInput = z.infer<typeof seriesCutInput>;

export const seriesBacktestInput = seriesPlan.extend({
  linear: artifactReference.optional().describe('A series-model manifest'),
  transformer: artifactReference.optional().describe('A training manifest'),
  sequences: artifactReference.optional().describe('The sequences that the transformer was trained on'),
});
export type SeriesBacktestInput = z.infer<typeof seriesBacktestInput>;

const errors = z.strictObject({ mse: z.number(), mae: z.number() });

/** One forecaster on the windows of the validation and the test part: errors of standardised values. */
export const seriesScore = z.strictObject({
  forecaster: z.string(),
  validation: errors,
  test: errors,
  /** On the test part. */
  targets: z.array(errors.extend({ target: z.string(), maeOriginal: z.number() })),
});
export type SeriesScore = z.infer<typeof seriesScore>;

export const seriesBacktestResult = z.strictObject({
  dataset: artifactReference.describe('A series-backtest manifest'),
  reused: z.boolean(),
  scores: z.array(seriesScore),
  /** Lowest mean squared error on the validation part. */
  chosen: z.string(),
  windows: z.strictObject({ train: z.number(), validation: z.number(), test: z.number() }),
  /** Share of test values inside the 80 % intervals of the chosen one. */
  coverage: z.number(),
});
export type SeriesBacktestResult = z.infer<typeof seriesBacktestResult>;

export const seriesRegisterInput = z.strictObject({
  name: modelName,
  backtest: artifactReference.describe('A series-backtest manifest'),
});
export type SeriesRegisterInput = z.infer<typeof seriesRegisterInput>;

export const seriesForecastInput = z.strictObject({
  name: modelName,
  version: z.number().int().positive().optional().describe('Default: the champion'),
  csv: artifactReference
    .optional()
    .describe('Newer rows of the same columns; default: those of the training'),
  user: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Who asks: while a canary runs, its share is then one of the users too'),
  request: requestId.optional().describe('Names the call to an A/B test that runs'),
});
export type SeriesForecastInput = z.infer<typeof seriesForecastInput>;

/** What a version's record says of a forecaster of a person's own series. */
export const seriesCard = z.strictObject({
  fileSha256: sha256Hex,
  columns: seriesColumns,
  frequency,
  horizon: z.number().int(),
  context: z.number().int(),
  split: seriesSplit,
  chosen: z.string(),
  scores: z.array(seriesScore),
  coverage: z.number(),
});
export type SeriesCard = z.infer<typeof seriesCard>;

export const SERIES_STAGES = ['read', 'cut', 'train', 'fit', 'backtest', 'register', 'promote'] as const;
export type SeriesStage = (typeof SERIES_STAGES)[number];

/** A whole job needs a file and the names of its columns; all the rest has a default. */
export const seriesPipelineInput = seriesInput.extend({
  model: modelName.default('series').describe('The name under which the result is registered'),
  horizon: seriesPlan.shape.horizon,
  context: seriesPlan.shape.context,
  split: seriesPlan.shape.split,
  architectures: z.array(seriesArchitecture).min(1).default(['linear', 'transformer']),
  training: trainingSettings.default(trainingSettings.parse({})).describe('Of the transformer'),
  promote: z.enum(['if-better', 'always', 'never']).default('if-better'),
});
export type SeriesPipelineInput = z.infer<typeof seriesPipelineInput>;

const facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

export const seriesProgress = z.strictObject({
  stage: z.enum(SERIES_STAGES).nullable(),
  /** How far the running stage is, where it tells. */
  fraction: z.number(),
  paused: z.boolean(),
  stages: z.array(
    z.strictObject({
      stage: z.enum(SERIES_STAGES),
      state: z.enum(['waiting', 'running', 'done', 'reused', 'failed', 'skipped']),
      seconds: z.number(),
      facts,
    }),
  ),
});
export type SeriesProgress = z.infer<typeof seriesProgress>;

export const seriesPipelineResult = z.strictObject({
  model: z.strictObject({
    name: modelName,
    version: z.number().int(),
    champion: z.boolean(),
    reused: z.boolean(),
  }),
  promotion: z.string(),
  backtest: seriesBacktestResult,
  stages: z.array(
    z.strictObject({
      stage: z.enum(SERIES_STAGES),
      state: z.enum(['done', 'reused', 'skipped']),
      seconds: z.number(),
      facts,
    }),
  ),
});
export type SeriesPipelineResult = z.infer<typeof seriesPipelineResult>;
