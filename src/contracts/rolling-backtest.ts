import { z } from 'zod';
import { artifactReference } from './artifact.ts';
import { regionCode, regionCodes } from './regions.ts';
import { modelName } from './stages.ts';
import { dateRange, hourStamp } from './time.ts';

/** What a column of scores is called that no forecaster of a backtest may be. */
const RESERVED = ['model', 'operator', 'persistence48', 'persistence168'];

/** What a forecaster manifest's settings make; the others are architectures with theirs as shipped. */
export const FITTED = 'fitted';

/** `ridge`, `trees`, `ensemble`, …: an architecture by its name. */
export const forecasterName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower case letters, digits and dashes, such as ridge')
  .refine((name) => !RESERVED.includes(name), 'is always scored: name others');

/** Issues that a fit learns from: all before it, or those of the last days. */
export const fitWindow = z
  .union([z.literal('expanding'), z.strictObject({ slidingDays: z.number().int().min(7).max(36_600) })])
  .describe('expanding: all the record has before the fit; slidingDays: the last so many days of it');
export type FitWindow = z.infer<typeof fitWindow>;

const seed = z
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 1);

const rollingFields = z.strictObject({
  name: modelName.default('rolling').describe('Names the workflow; the result does not depend on it'),
  sequences: artifactReference.describe('A sequences manifest: its issue tables are what is forecast'),
  forecasters: z
    .array(forecasterName)
    .min(1)
    .max(12)
    .default(['climatology', 'ridge', 'trees', 'ensemble'])
    .describe('Fitted anew at every refit and scored beside the baselines'),
  fitted: artifactReference
    .optional()
    .describe('A forecaster manifest: its members and settings, fitted anew like all others, go by `fitted`'),
  model: forecasterName
    .optional()
    .describe('Of the forecasters the one that tests and intervals are about; default: the last'),
  regions: regionCodes.optional().describe('Default: all of the sequences'),
  score: dateRange.optional().describe('Default: the period that the sequences were cut to score'),
  window: fitWindow.default('expanding'),
  refitDays: z
    .number()
    .int()
    .min(0)
    .max(3660)
    .default(30)
    .describe('Days from one fit to the next; 0: one fit, before the first issue'),
  seeds: z.array(seed).min(1).max(20).default([1]).describe('Everything is fitted and scored once a seed'),
  atOnce: z.number().int().min(1).max(16).default(2).describe('Fits that compute side by side'),
});

export const rollingBacktestInput = rollingFields.superRefine(
  ({ forecasters, fitted, model, seeds }, context) => {
    const twice = (path: string, values: readonly unknown[]) => {
      if (new Set(values).size === values.length) return;
      context.addIssue({ code: 'custom', path: [path], message: 'one stands in it twice' });
    };
    twice('forecasters', forecasters);
    twice('seeds', seeds);
    if (forecasters.includes(FITTED) !== (fitted !== undefined)) {
      const message = `${FITTED} stands among the forecasters where a forecaster manifest is given, and only there`;
      context.addIssue({ code: 'custom', path: ['fitted'], message });
    }
    if (model === undefined || forecasters.includes(model)) return;
    const message = `must be one of the forecasters: ${forecasters.join(', ')}`;
    context.addIssue({ code: 'custom', path: ['model'], message });
  },
);
export type RollingBacktestInput = z.infer<typeof rollingBacktestInput>;

/** The issues from one fit to the next; the fit knows what was known at `from`. */
export const stretch = z.strictObject({
  from: hourStamp.describe('UTC: the first issue of any region, and the moment of the fit'),
  to: hourStamp.describe('Excluded'),
});
export type Stretch = z.infer<typeof stretch>;

/** One fit and its forecasts: what is done once, in a process of its own, and found again after a crash. */
export const rollingUnit = z.strictObject({
  sequences: artifactReference,
  forecaster: forecasterName,
  fitted: artifactReference.optional(),
  regions: regionCodes,
  score: dateRange,
  window: fitWindow,
  seed,
  stretch,
});
export type RollingUnit = z.infer<typeof rollingUnit>;

/** A rolling backtest with nothing left open. */
export const rollingPlan = z.strictObject({
  forecasters: z.array(forecasterName).min(1),
  model: forecasterName,
  regions: regionCodes,
  score: dateRange,
  stretches: z.array(stretch).min(1),
  /** Issues of all regions together. */
  issues: z.number().int(),
  /** Places in `unitAt`'s order of what is not done yet. */
  missing: z.array(z.number().int().nonnegative()),
});
export type RollingPlan = z.infer<typeof rollingPlan>;

/** What a merge and a batch need of a plan, whatever of it is done; other fields are dropped. */
export const settledPlan = z.object({
  forecasters: rollingPlan.shape.forecasters,
  model: rollingPlan.shape.model,
  regions: rollingPlan.shape.regions,
  score: rollingPlan.shape.score,
  stretches: rollingPlan.shape.stretches,
});
export type SettledPlan = z.infer<typeof settledPlan>;

export const unitCount = (
  { stretches, forecasters }: SettledPlan,
  { seeds }: Pick<RollingBacktestInput, 'seeds'>,
) => stretches.length * seeds.length * forecasters.length;

/** Units in the order in which they are done: stretch by stretch, so that what is there is there for all. */
export function unitAt(index: number, input: RollingBacktestInput, plan: SettledPlan): RollingUnit {
  const perStretch = input.seeds.length * plan.forecasters.length;
  const within = index % perStretch;
  const forecaster = plan.forecasters[within % plan.forecasters.length]!;
  return {
    sequences: input.sequences,
    forecaster,
    ...(forecaster === FITTED && input.fitted ? { fitted: input.fitted } : {}),
    regions: plan.regions,
    score: plan.score,
    window: input.window,
    seed: input.seeds[Math.floor(within / plan.forecasters.length)]!,
    stretch: plan.stretches[Math.floor(index / perStretch)]!,
  };
}

export const rollingUnitResult = z.strictObject({
  dataset: artifactReference.describe('A predictions manifest'),
  reused: z.boolean(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type RollingUnitResult = z.infer<typeof rollingUnitResult>;

export const mergeInput = z.strictObject({
  input: rollingBacktestInput,
  plan: settledPlan,
});
export type MergeInput = z.infer<typeof mergeInput>;

/** A region's line in a table of results. Percent where nothing else is said. */
export const rollingScore = z.strictObject({
  region: regionCode,
  hours: z.number().int(),
  /** By forecaster; `model` is the one that tests and intervals are about. */
  mape: z.record(z.string(), z.number().nullable()),
  crps: z.record(z.string(), z.number().nullable()),
  /** By nominal coverage, 0.8 and 0.9; 0 to 1. Empty where the model answers with a median alone. */
  coverage: z.record(z.string(), z.number()),
  /** By whom the model is tested against: the two-sided p-value of Diebold and Mariano. */
  pValue: z.record(z.string(), z.number().nullable()),
  /** Standard deviation of the model's MAPE over the seeds; null with one seed. */
  seedSpread: z.number().nullable(),
  beatsBaselines: z.boolean(),
});
export type RollingScore = z.infer<typeof rollingScore>;

export const mergeResult = z.strictObject({
  dataset: artifactReference.describe('A backtest manifest'),
  reused: z.boolean(),
  model: forecasterName,
  scores: z.array(rollingScore),
});
export type MergeResult = z.infer<typeof mergeResult>;

export const backtestReportInput = z.strictObject({
  name: modelName,
  backtest: artifactReference.describe('A backtest manifest of a rolling backtest'),
});
export type BacktestReportInput = z.infer<typeof backtestReportInput>;

export const rollingBacktestResult = mergeResult.extend({
  report: artifactReference,
  stretches: z.number().int(),
  issues: z.number().int(),
  /** Fits, and how many of them were there before. */
  units: z.number().int(),
  unitsReused: z.number().int(),
});
export type RollingBacktestResult = z.infer<typeof rollingBacktestResult>;

/** Units that one child does: a history that is replayed in moments. */
export const LARGEST_BATCH = 30;

export const backtestBatchInput = z.strictObject({
  input: rollingBacktestInput,
  plan: settledPlan,
  units: z.array(z.number().int().nonnegative()).min(1).max(LARGEST_BATCH),
});
export type BacktestBatchInput = z.infer<typeof backtestBatchInput>;

/** What a batch tells its backtest after each unit. */
export const unitNews = z.strictObject({
  unit: z.number().int().nonnegative(),
  seconds: z.number().nonnegative(),
});
export type UnitNews = z.infer<typeof unitNews>;

export const backtestProgress = z.strictObject({
  state: z.enum(['planning', 'fitting', 'merging', 'reporting', 'done']),
  paused: z.boolean(),
  stretches: z.number().int(),
  issues: z.number().int(),
  units: z.number().int(),
  done: z.number().int(),
  /** Of those done, how many were there before this run. */
  reused: z.number().int(),
  secondsLeft: z.number().nullable(),
});
export type BacktestProgress = z.infer<typeof backtestProgress>;
