import { z } from 'zod';
import { artifactReference } from './artifact.ts';
import { jobOutcome } from './jobs.ts';
import { regionCodes } from './regions.ts';
import { retrainingConfig } from './retraining.ts';
import { modelName } from './stages.ts';
import { dateRange, hourStamp } from './time.ts';
import { trainingSettings, warmStart } from './training.ts';
import { voucher } from './voucher.ts';

const explicitAsOf = hourStamp
  .optional()
  .describe(
    'UTC; the moment that the run stands for. Given, its clock moves only by the signal `clock`; default: now, and the clock is the real one',
  );

export const learningInput = z.strictObject({
  config: retrainingConfig.prefault({ model_name: 'day-ahead' }),
  asOf: explicitAsOf,
  collectMinutes: z
    .number()
    .positive()
    .max(1440)
    .default(60)
    .describe('A source that has not answered after so long is down'),
});

export const LEARNING_PHASES = ['collect', 'drift', 'train', 'validate', 'deploy'] as const;
export const learningPhase = z.enum(LEARNING_PHASES);
export type LearningPhase = z.infer<typeof learningPhase>;

export const learningResult = z.strictObject({
  outcome: jobOutcome,
  reason: z.string(),
  /** The candidate, where one was trained. */
  version: z.number().int().positive().nullable(),
  /** Who takes it from here to champion, where it passed. */
  deployment: z.string().nullable(),
});
export type LearningResult = z.infer<typeof learningResult>;

const phaseLine = z.strictObject({
  stage: learningPhase,
  state: z.enum(['waiting', 'running', 'done', 'reused', 'failed', 'skipped']),
  seconds: z.number(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

export const learningStatus = z.strictObject({
  model: modelName,
  /** The moment that the run stands for, once it is known. */
  asOf: hourStamp.nullable(),
  phase: learningPhase.nullable(),
  phases: z.array(phaseLine),
  /** Why it ended as it did; null while it runs. */
  result: learningResult.nullable(),
});
export type LearningStatus = z.infer<typeof learningStatus>;

/** Moves the clock of a run that was given an explicit `asOf`. */
export const clockNews = z.strictObject({ asOf: hourStamp });
export type ClockNews = z.infer<typeof clockNews>;

/** From a candidate that passed validation to a champion that has stood its watch. */
export const deploymentInput = z.strictObject({
  config: retrainingConfig,
  version: z.number().int().positive(),
  reason: z.string().max(1000).default(''),
  asOf: explicitAsOf,
});
export type DeploymentInput = z.infer<typeof deploymentInput>;

export const deploymentPhase = z.enum(['approval', 'canary', 'promotion', 'watch', 'closed']);
export type DeploymentPhase = z.infer<typeof deploymentPhase>;

/** What somebody asked of a deployment, and what became of it. */
export const deploymentRequest = z.strictObject({
  at: z.string(),
  kind: z.enum(['approve', 'reject', 'supersede']),
  by: z.string(),
  /** Why it was refused; null where it was taken. */
  refusal: z.string().nullable(),
});
export type DeploymentRequest = z.infer<typeof deploymentRequest>;

export const deploymentStatus = z.strictObject({
  model: modelName,
  version: z.number().int().positive(),
  phase: deploymentPhase,
  since: z.string(),
  /** What it waits for, or why it ended, in a sentence. */
  says: z.string(),
  outcome: jobOutcome.nullable(),
  /** Newest first, at most 20. */
  requests: z.array(deploymentRequest),
});
export type DeploymentStatus = z.infer<typeof deploymentStatus>;

export const approvalRequest = z.strictObject({
  version: z.number().int().positive(),
  by: z.string().min(1).max(120).default('unknown'),
  reason: z.string().max(500).default(''),
  from: z.string().min(1).max(300).optional().describe('The door it came through, for the audit; a claim'),
  voucher: voucher.optional(),
});
export type ApprovalRequest = z.infer<typeof approvalRequest>;

/** A newer candidate takes the place of the one that is being deployed. */
export const supersedeRequest = z.strictObject({
  version: z.number().int().positive(),
  by: z.string().min(1).max(120).default('unknown'),
});
export type SupersedeRequest = z.infer<typeof supersedeRequest>;

/** The model's lifecycle has made another version champion. */
export const championNews = z.object({ version: z.number().int().positive() });
export type ChampionNews = z.infer<typeof championNews>;

/** Several versions of a model on the same hours, as of each issue in them, by the newest record. */
export const compareInput = z.strictObject({
  name: modelName,
  versions: z.array(z.number().int().positive()).min(1).max(10),
  regions: regionCodes.optional().describe('Default: all that the first version knows'),
  from: hourStamp.describe('First and last hour that is scored, both included'),
  to: hourStamp,
  asOf: hourStamp.optional().describe('UTC; nothing that became known later counts'),
  grid: artifactReference.optional().describe('Default: the newest record of the home'),
});
export type CompareInput = z.infer<typeof compareInput>;

export const comparison = z.strictObject({
  /** First and last hour that counted; later than was asked for where a version had learnt from the first ones. */
  from: hourStamp,
  to: hourStamp,
  hours: z.number().int().nonnegative(),
  /** Mean over regions, percent, on the hours that all of them answered; null where there are none. */
  mape: z.array(z.strictObject({ version: z.number().int().positive(), mape: z.number().nullable() })),
  operatorMape: z.number().nullable(),
  /** Of the newest demand known of the same hour: what whoever forecasts has to beat. */
  persistenceMape: z.number().nullable(),
});
export type Comparison = z.infer<typeof comparison>;

/** What a learning run goes by before it trains: the moment, the data window, and what there is in it. */
export const surveyInput = z.strictObject({
  grid: artifactReference,
  regions: regionCodes,
  windowDays: z.number().int().positive(),
  asOf: hourStamp.optional(),
  now: hourStamp.describe('What the clock says; without `asOf` a record at rest ends the window before it'),
});
export type SurveyInput = z.infer<typeof surveyInput>;

export const survey = z.strictObject({
  asOf: hourStamp,
  /** Whole days, UTC. */
  window: dateRange,
  /** Hours of demand in the window, by region. */
  samples: z.record(z.string(), z.number().int().nonnegative()),
});
export type Survey = z.infer<typeof survey>;

export const startInput = z.strictObject({
  name: modelName,
  regions: regionCodes,
  settings: trainingSettings,
});
export type StartInput = z.infer<typeof startInput>;

/** Whether a training can go on from the champion's weights, and why not. */
export const startPlan = z.strictObject({
  champion: z.number().int().positive().nullable(),
  goOnFrom: warmStart.nullable(),
  why: z.string(),
  /** Of such a training, where nobody says. */
  maxSteps: z.number().int().positive(),
  learningRate: z.number().positive(),
  /** Regions that the champion forecasts and the configuration does not name; plans of before do not say. */
  loses: z.array(z.string()).optional(),
  /** Versions that were champion until people, or a deployment's watch, took them back: how, in a sentence. */
  takenBack: z.array(z.strictObject({ version: z.number().int().positive(), says: z.string() })).optional(),
});
export type StartPlan = z.infer<typeof startPlan>;
