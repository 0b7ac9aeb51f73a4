import { z } from 'zod';
import { PIPELINE_STAGES } from './pipeline.ts';
import { routeName } from './ingestion.ts';
import { regionCode } from './regions.ts';
import { lostAndFound, segmentProgress, timeShares } from './training.ts';

/** Where a stage stands, as a person wants to hear it: `done` and `total` count `unit`s. Also a heartbeat's details. */
export const stageProgress = z.strictObject({
  stage: z.string(),
  done: z.number(),
  total: z.number(),
  unit: z.string(),
  note: z.string().optional(),
});

const stageState = z.enum(['waiting', 'running', 'done', 'reused', 'failed', 'skipped']);
export type StageState = z.infer<typeof stageState>;

const facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/** One line of the table that the UI, the terminal and the queries show. */
export const stageLine = z.strictObject({
  stage: z.enum(PIPELINE_STAGES),
  state: stageState,
  seconds: z.number(),
  facts,
});
export type StageLine = z.infer<typeof stageLine>;

export const pipelineProgress = z.strictObject({
  stage: z.enum(PIPELINE_STAGES).nullable(),
  /** Stages done, weighted by what they usually take; 0 to 100. */
  percent: z.number(),
  paused: z.boolean(),
  stages: z.array(stageLine),
});
export type PipelineProgress = z.infer<typeof pipelineProgress>;

const windowName = z.strictObject({
  route: routeName,
  region: regionCode,
  from: z.string(),
  to: z.string(),
});

export const ingestionProgress = z.strictObject({
  windows: z.number().int(),
  done: z.number().int(),
  missing: z.number().int(),
  records: z.number().int(),
  pages: z.number().int(),
  pagesReused: z.number().int(),
  bytes: z.number().int(),
  paused: z.boolean(),
  /** At most 20 of them. */
  failed: z.array(windowName.extend({ reason: z.string() })),
});
export type IngestionProgress = z.infer<typeof ingestionProgress>;

export const trainingState = z.enum([
  'planning',
  'waiting for slots',
  'forming the ring',
  'training',
  'paused',
  'finishing',
  'done',
]);
export type TrainingState = z.infer<typeof trainingState>;

/** One slot of a ring, as last heard of; null where it has not said anything in this ring yet. */
export const slotStatus = z.strictObject({
  rank: z.number().int(),
  queue: z.string(),
  device: z.string(),
  /** The attention kernel's variant; null where TensorFlow.js computes. */
  kernel: z.string().nullable(),
  threads: z.number().int(),
  step: z.number().int().nullable(),
  loss: z.number().nullable(),
  /** Of the whole ring, as this slot counts. */
  tokensPerSecond: z.number().nullable(),
  memoryMb: z.number().nullable(),
  shares: timeShares.nullable(),
});
export type SlotStatus = z.infer<typeof slotStatus>;

export const trainingStatus = z.strictObject({
  state: trainingState,
  epoch: z.number().int(),
  /** What was asked for; a ring that may shrink can have fewer `slots`. */
  ringSize: z.number().int(),
  slots: z.array(slotStatus),
  ...lostAndFound.shape,
  /** The newest news from rank 0: step, loss, tokens a second; null before the first step. */
  progress: segmentProgress.nullable(),
  /** MB, one number a rank. */
  slotMemoryMb: z.array(z.number()),
  secondsLeft: z.number().nullable(),
  lastFailure: z.string().nullable(),
  /** What has to be there before the ring can form; null while nothing is missing. */
  waitingFor: z.string().nullable(),
  /** Not all its rings had `ringSize` slots that compute alike: another run may differ in its last bits. */
  bitsMayDiffer: z.boolean(),
});
export type TrainingStatus = z.infer<typeof trainingStatus>;

/** What a run waits for; told while its request for slots is in the queue. */
export const leaseNews = z.strictObject({
  epoch: z.number().int().nonnegative(),
  waitingFor: z.string().max(4000),
});
export type LeaseNews = z.infer<typeof leaseNews>;

/** What a slot tells its run now and then, so that people who ask the workflow hear how far it is. */
export const segmentNews = z.strictObject({
  epoch: z.number().int().nonnegative(),
  rank: z.number().int().nonnegative(),
  progress: segmentProgress,
});
export type SegmentNews = z.infer<typeof segmentNews>;
