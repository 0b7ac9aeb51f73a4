import { z } from 'zod';
import { artifactReference } from './artifact.ts';
import { regionCode } from './regions.ts';
import { modelName, sequencesInput } from './stages.ts';
import { sequenceHours } from './sequence-length.ts';
import { dateRange } from './time.ts';
import { trainingSettings } from './training.ts';

/** Architectures that a search can try. */
export const searchedForecaster = z.enum(['transformer', 'trees', 'ridge']);
export type SearchedForecaster = z.infer<typeof searchedForecaster>;

const scalar = z.union([z.number(), z.string(), z.boolean()]);
const bounds = { from: z.number(), to: z.number() };
const ascending = ({ from, to }: { from: number; to: number }) => from <= to;

/** What a setting may be. Numbers that multiply (rates, penalties, widths) are drawn on a logarithmic scale. */
export const dimension = z.union([
  z.strictObject({ kind: z.literal('uniform'), ...bounds }).refine(ascending, 'from lies above to'),
  z
    .strictObject({ kind: z.literal('log-uniform'), from: z.number().positive(), to: z.number().positive() })
    .refine(ascending, 'from lies above to'),
  z
    .strictObject({ kind: z.literal('integer'), from: z.number().int(), to: z.number().int() })
    .refine(ascending, 'from lies above to'),
  z.strictObject({ kind: z.literal('choice'), values: z.array(scalar).min(1).max(100) }),
]);
export type Dimension = z.infer<typeof dimension>;

/** Settings of one configuration, by name; what is not named has its default. */
export const trialSettings = z.record(z.string(), scalar);
export type TrialSettings = z.infer<typeof trialSettings>;

/** One architecture's part of a space. */
export const searchFamily = z.strictObject({
  forecaster: searchedForecaster,
  weight: z.number().positive().default(1).describe('Its share of the trials, beside the other families'),
  settings: z
    .record(z.string(), dimension)
    .describe('A transformer: fields of the training settings, and sequenceLength; others: their own'),
});
export type SearchFamily = z.infer<typeof searchFamily>;

export const searchSpace = z
  .array(searchFamily)
  .min(1)
  .refine((all) => new Set(all.map(({ forecaster }) => forecaster)).size === all.length, {
    error: 'a forecaster stands in it twice',
  });
export type SearchSpace = z.infer<typeof searchSpace>;

/** Around the defaults; docs/search.md says why these. Families come in the order in which their trials begin. */
export const DEFAULT_SPACE: SearchSpace = [
  {
    forecaster: 'ridge',
    weight: 1,
    settings: {
      halfLifeDays: { kind: 'log-uniform', from: 180, to: 2000 },
      huber: { kind: 'log-uniform', from: 0.2, to: 2 },
    },
  },
  {
    forecaster: 'trees',
    weight: 2,
    settings: {
      learningRate: { kind: 'log-uniform', from: 0.02, to: 0.1 },
      leaves: { kind: 'integer', from: 7, to: 31 },
      leastRows: { kind: 'log-uniform', from: 30, to: 300 },
      columnShare: { kind: 'uniform', from: 0.2, to: 0.8 },
      halfLifeDays: { kind: 'log-uniform', from: 180, to: 2000 },
    },
  },
  {
    forecaster: 'transformer',
    weight: 3,
    settings: {
      learningRate: { kind: 'log-uniform', from: 1e-3, to: 1e-2 },
      width: { kind: 'choice', values: [32, 64, 96] },
      layers: { kind: 'integer', from: 1, to: 3 },
      sequenceLength: { kind: 'choice', values: [720, 2184] },
    },
  },
];

/** How long a trial trains is the search's business: by steps alone, so that a rung's scores do not depend on the machine. */
const trialTraining = trainingSettings.omit({ maxSteps: true, budgetMinutes: true });

export const searchInput = z.strictObject({
  name: modelName.default('day-ahead').describe('Names the search and its leaderboard'),
  sequences: artifactReference
    .optional()
    .describe('A sequences manifest: its regions, its features and its periods; default: the newest one'),
  validation: dateRange
    .optional()
    .describe(
      'The hours that trials are scored on; training ends before them. Default: the last year of the training period, or its last quarter where it has less than two years',
    ),
  space: searchSpace.default(DEFAULT_SPACE),
  training: trialTraining
    .prefault({ ringSize: 1 })
    .describe('What all transformers of the search have in common; a ring of one slot each by default'),
  maxSteps: z
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .optional()
    .describe('Steps of a whole training, which only the last rung takes; default: by preset'),
  minSteps: z.number().int().min(1).max(10_000_000).default(40).describe('Steps of the first rung at least'),
  trials: z.number().int().min(1).max(243).default(9).describe('Configurations that begin'),
  eta: z.number().int().min(2).max(9).default(3).describe('One in so many goes on to the next rung'),
  budgetMinutes: z
    .number()
    .positive()
    .max(10_080)
    .default(30)
    .describe('Time without pauses after which nothing more is tried; the best so far is the result'),
  concurrency: z.number().int().min(1).max(16).default(2).describe('Trials at a time'),
  crossRegion: z
    .boolean()
    .default(false)
    .describe('In the end: each region scored by models that were fitted on the others alone'),
  ensembleTop: z.number().int().min(1).max(10).default(3).describe('Trials that the ensemble is made of'),
  seed: z.number().int().nonnegative().default(1).describe('Decides what is drawn from the space'),
  pool: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .default('default')
    .describe('The slot pool to lease from'),
});
export type SearchInput = z.infer<typeof searchInput>;

/** A configuration that is tried. */
export const searchTrial = z.strictObject({
  /** `t01`, in the order in which they were drawn. */
  id: z.string(),
  forecaster: searchedForecaster,
  settings: trialSettings,
});
export type SearchTrial = z.infer<typeof searchTrial>;

/** One round of a family: so many configurations at so much of the whole resource each. */
export const searchRung = z.strictObject({
  /** Trials that take part. */
  trials: z.number().int().positive(),
  /** Of the whole resource, above 0 to 1: of a training's steps, of the newest issues that others are fitted on. */
  share: z.number().positive().max(1),
});
export type SearchRung = z.infer<typeof searchRung>;

/** A family is halved by itself: at a ninth of its training a transformer loses to any ridge, in the end it need not. */
export const searchBracket = z.strictObject({
  forecaster: searchedForecaster,
  trials: z.array(searchTrial).min(1),
  /** Ascending in their share; the last one is 1. */
  rungs: z.array(searchRung).min(1),
});
export type SearchBracket = z.infer<typeof searchBracket>;

/** How the sequences of a search are cut, but for their periods and their length. */
export const sequencesCut = sequencesInput
  .omit({ dataset: true, train: true, score: true, sequenceLength: true, normaliser: true, purpose: true })
  .strip();
export type SequencesCut = z.infer<typeof sequencesCut>;

/** What `planSearch` decides before anything is trained. */
export const searchPlan = z.strictObject({
  /** The ones that a person would train on: all but the periods is taken from them. */
  sequences: artifactReference,
  features: artifactReference,
  cut: sequencesCut,
  train: dateRange,
  validation: dateRange,
  /** Never looked at. */
  scored: dateRange,
  sequenceLength: sequenceHours,
  maxSteps: z.number().int().positive(),
  /** What all transformers have in common; searches from before do not say. */
  training: trialTraining.optional(),
  brackets: z.array(searchBracket).min(1),
});
export type SearchPlan = z.infer<typeof searchPlan>;

export const scoreTrialInput = z.strictObject({
  forecaster: searchedForecaster,
  settings: trialSettings,
  share: z.number().positive().max(1),
  seed: z.number().int().nonnegative(),
  model: artifactReference.optional().describe('A transformer: its training manifest'),
  sequences: artifactReference.describe('Train to before the validation, score on it'),
  validation: dateRange,
  heldOut: regionCode.optional().describe('Fitted on the other regions alone, scored on this one alone'),
});
export type ScoreTrialInput = z.infer<typeof scoreTrialInput>;

export const trialScore = z.strictObject({
  /** A search manifest: the forecasts of the validation hours. */
  dataset: artifactReference,
  reused: z.boolean(),
  /** %, the mean over regions. */
  mape: z.number().nonnegative(),
  byRegion: z.record(z.string(), z.number().nonnegative()),
});
export type TrialScore = z.infer<typeof trialScore>;

const runState = z.enum(['scored', 'failed', 'out of time']);

/** A configuration at one rung. */
export const trialRun = z.strictObject({
  trial: searchTrial,
  rung: z.number().int().nonnegative(),
  share: z.number(),
  state: runState,
  score: trialScore.nullable(),
  /** A transformer's training manifest. */
  model: artifactReference.nullable(),
  seconds: z.number(),
  /** Why it failed. */
  reason: z.string().nullable(),
});
export type TrialRun = z.infer<typeof trialRun>;

/** A line of the leaderboard: a configuration at the furthest rung that it has been scored at. */
export const leaderboardLine = z.strictObject({
  /** From 1. */
  place: z.number().int().positive(),
  id: z.string(),
  forecaster: searchedForecaster,
  settings: trialSettings,
  rung: z.number().int(),
  share: z.number(),
  /** %, null where it never came to a score. */
  mape: z.number().nullable(),
  byRegion: z.record(z.string(), z.number()),
  seconds: z.number(),
  /** Why it ended where it did. */
  note: z.string(),
});
export type LeaderboardLine = z.infer<typeof leaderboardLine>;

/** One region scored by a model that was fitted on the others. */
export const crossRegionLine = z.strictObject({
  forecaster: searchedForecaster,
  id: z.string(),
  region: regionCode,
  /** %, fitted on the other regions alone; null where that could not be done. */
  mape: z.number().nullable(),
  /** %, the same configuration fitted on all regions. */
  own: z.number().nullable(),
  reason: z.string().nullable(),
});
export type CrossRegionLine = z.infer<typeof crossRegionLine>;

export const searchEnding = z.enum([
  'all rungs done',
  'the leader could not be beaten',
  'the time was spent',
  'stopped',
]);
export type SearchEnding = z.infer<typeof searchEnding>;

export const finishSearchInput = z.strictObject({
  name: modelName,
  plan: searchPlan,
  runs: z.array(trialRun),
  crossRegion: z.array(crossRegionLine),
  ending: searchEnding,
  ensembleTop: z.number().int().positive(),
});
export type FinishSearchInput = z.infer<typeof finishSearchInput>;

export const searchEnsemble = z.strictObject({
  /** Ids of trials, best first. */
  members: z.array(z.string()),
  /** By region: a weight for each member, none negative, 1 in all. */
  weights: z.record(z.string(), z.array(z.number().nonnegative())),
  /** %, on validation issues whose weights were fitted on the others: what the weights are worth where they are new. */
  mape: z.number(),
  byRegion: z.record(z.string(), z.number()),
  /** %, the best member on the same hours. */
  bestMember: z.number(),
});
export type SearchEnsemble = z.infer<typeof searchEnsemble>;

/** The file of role `leaderboard`: a search's result for whoever goes on from it. */
export const searchDocument = z.object({
  name: modelName,
  plan: searchPlan,
  leaderboard: z.array(leaderboardLine.omit({ seconds: true })),
  ensemble: searchEnsemble.nullable(),
});
export type SearchDocument = z.infer<typeof searchDocument>;

/** What a fit says of the search that it went on from. */
export const searchSummary = z.strictObject({
  name: modelName,
  manifest: z.string(),
  validation: dateRange,
  /** By member the trial that it is. */
  members: z.record(z.string(), z.strictObject({ trial: z.string(), settings: trialSettings })),
});
export type SearchSummary = z.infer<typeof searchSummary>;

export const searchResult = z.strictObject({
  /** A search manifest: the leaderboard. */
  dataset: artifactReference,
  reused: z.boolean(),
  ending: searchEnding,
  validation: dateRange,
  best: leaderboardLine,
  leaderboard: z.array(leaderboardLine),
  ensemble: searchEnsemble.nullable(),
  crossRegion: z.array(crossRegionLine),
});
export type SearchResult = z.infer<typeof searchResult>;

/** Where a search stands, as the query `leaderboard` tells. */
export const searchStatus = z.strictObject({
  name: modelName,
  state: z.enum(['planning', 'searching', 'paused', 'stopping', 'across regions', 'finishing', 'done']),
  /** From 1. */
  rung: z.number().int(),
  rungs: z.number().int(),
  running: z.array(z.string()),
  /** Of all runs that the plan has. */
  done: z.number().int(),
  planned: z.number().int(),
  minutesUsed: z.number(),
  budgetMinutes: z.number(),
  leaderboard: z.array(leaderboardLine),
  ending: searchEnding.nullable(),
});
export type SearchStatus = z.infer<typeof searchStatus>;
