import { z } from 'zod';
import { artifactReference } from './artifact.ts';
import { PRESET_SEQUENCE_HOURS, spellHours } from './sequence-length.ts';

export const presetName = z.enum(['quick', 'default', 'best']);

const steps = z.number().int().positive().max(10_000_000);

/** The network and its training; every default has its reason in docs/ring-attention.md. */
export const trainingSettings = z.strictObject({
  preset: presetName
    .default('quick')
    .describe(
      `quick: ${spellHours(PRESET_SEQUENCE_HOURS.quick)}, 2 layers of 64; default: ${spellHours(PRESET_SEQUENCE_HOURS.default)}, 3 layers of 128; best: ${spellHours(PRESET_SEQUENCE_HOURS.best)}, 4 layers of 192`,
    ),
  ringSize: z.number().int().min(1).max(8).default(2).describe('Slots that share each sequence'),
  seed: z.number().int().nonnegative().default(1),
  budgetMinutes: z
    .number()
    .positive()
    .max(10_080)
    .optional()
    .describe('Stops at the first step boundary past it; default by preset'),
  maxSteps: steps.optional().describe('Stops after so many steps; default by preset'),
  checkpointEverySteps: steps.default(20),
  sequencesPerStep: z
    .number()
    .int()
    .positive()
    .max(64)
    .default(1)
    .describe('Sequences whose gradients are summed before a step is taken'),
  layout: z
    .enum(['zigzag', 'contiguous', 'striped'])
    .default('zigzag')
    .describe('How the tokens are dealt to the slots'),
  window: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('Hours that a token looks back; absent: all of the sequence'),
  gradientCheckpointing: z
    .boolean()
    .default(false)
    .describe('Keep only the inputs of each layer and compute its attention again going back: less memory'),
  precision: z
    .enum(['float32', 'bfloat16'])
    .default('float32')
    .describe('bfloat16: products of halves in float32 accumulators, where the kernel has it'),
  wire: z
    .enum(['float32', 'bfloat16'])
    .default('float32')
    .describe('How keys, values and their gradients travel; bfloat16 halves the traffic and rounds'),
  device: z.enum(['any', 'cpu', 'gpu']).default('any').describe('What the slots must compute with'),
  mixed: z
    .boolean()
    .default(false)
    .describe('Lets slots that compute differently share a ring: bits may differ'),
  elastic: z
    .boolean()
    .default(false)
    .describe('Go on with fewer slots when no spare one comes: bits may differ'),
  width: z.number().int().positive().max(1024).optional().describe('Model width; default by preset'),
  layers: z.number().int().positive().max(24).optional(),
  heads: z.number().int().positive().max(32).optional(),
  kvHeads: z
    .number()
    .int()
    .positive()
    .max(32)
    .optional()
    .describe('Heads of keys and values, a divisor of heads; default: as many'),
  learningRate: z.number().positive().max(1).optional(),
  hourlyWeight: z
    .number()
    .min(0)
    .max(10)
    .default(0.3)
    .describe('What the hourly heads count beside the issue head; of no meaning for a model without one'),
  loss: z
    .strictObject({
      peakWeight: z
        .number()
        .min(1)
        .max(100)
        .default(1)
        .describe('How often an hour counts whose demand lies above the 90th percentile of its region'),
      shortCost: z
        .number()
        .positive()
        .max(100)
        .default(1)
        .describe(
          'What a MW too little costs, where one too much costs 1: above 1 all quantiles lie higher than their share of hours',
        ),
    })
    .prefault({})
    .describe('Of the issue head'),
  dropout: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.7)
    .describe(
      'Share of what the issue head sees of the sequence that each issue is trained without, drawn anew every time; of its hidden units and features less',
    ),
});
export type TrainingSettings = z.infer<typeof trainingSettings>;

/** Where a network begins that does not begin from the seed. */
export const warmStart = z.strictObject({
  weights: artifactReference.describe('A safetensors file of weights, of the very same model'),
  normaliser: artifactReference.describe('That scaled the inputs which they were trained on'),
});
export type WarmStart = z.infer<typeof warmStart>;

export const ringTrainingInput = z.strictObject({
  sequences: artifactReference.describe('A sequences manifest'),
  weights: artifactReference
    .optional()
    .describe('Weights of the very same model to begin with; default: drawn from the seed'),
  settings: trainingSettings.default(trainingSettings.parse({})),
  pool: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .default('default')
    .describe('The slot pool to lease from'),
});
export type RingTrainingInput = z.infer<typeof ringTrainingInput>;

/** What broken rings have cost a run so far; the run's journal is the one place that counts. */
export const lostAndFound = z.strictObject({
  /** Steps computed again. */
  stepsLost: z.number().int().nonnegative(),
  /** Rings that found the run in no slot's memory and went back to a checkpoint, or to the seed. */
  fullRestarts: z.number().int().nonnegative(),
  /** Rings formed because the one before had broken. */
  restarts: z.number().int().nonnegative(),
});
export type LostAndFound = z.infer<typeof lostAndFound>;

export const ringTrainingResult = z.strictObject({
  /** A training manifest: weights, normaliser, catalogue, history. */
  model: artifactReference,
  reused: z.boolean(),
  steps: z.number().int(),
  finalLoss: z.number(),
  ...lostAndFound.shape,
  /** Not all its rings had the size that was asked for, or slots that compute alike: another run may differ in its last bits. */
  bitsMayDiffer: z.boolean(),
  tokensPerSecond: z.number(),
  slotMemoryMb: z.array(z.number()),
  /** What rounding took from what went around the ring; absent where nothing was rounded. */
  wireError: z.string().optional(),
});
export type RingTrainingResult = z.infer<typeof ringTrainingResult>;

/** One slot, as the pool knows it. */
export const slotRecord = z.strictObject({
  /** Its private queue: `ring-slot/<host>/<n>`. */
  queue: z.string(),
  host: z.string(),
  number: z.number().int(),
  device: z.string(),
  /** The attention kernel's variant; null where TensorFlow.js computes. */
  kernel: z.string().nullable(),
  /** What computes: backend, its version and variant; slots of one ring must agree. */
  numerics: z.string(),
  threads: z.number().int(),
  memoryMb: z.number(),
});
export type SlotRecord = z.infer<typeof slotRecord>;

export const ringPeer = z.strictObject({ rank: z.number().int(), queue: z.string(), address: z.string() });

/** What one slot is asked to do in one segment of a run, under one epoch of its ring. */
export const segmentInput = z.strictObject({
  runId: z.string(),
  epoch: z.number().int().nonnegative(),
  rank: z.number().int().nonnegative(),
  worldSize: z.number().int().positive(),
  peers: z.array(ringPeer),
  sequences: artifactReference,
  settings: trainingSettings,
  /** A checkpoint file to go on from; absent: begin with `weights`, or from the seed. */
  checkpoint: artifactReference.optional(),
  weights: artifactReference.optional(),
  /** Training seconds that earlier segments of the run have used. */
  secondsUsed: z.number().nonnegative(),
  /** Stop (with a checkpoint) after about so many seconds even if the run is not done, so that a run continues as new. */
  segmentSeconds: z.number().positive(),
});
export type SegmentInput = z.infer<typeof segmentInput>;

/**
 * Where the time of a slot's steps goes, as shares of their wall time. Transfer may lie under compute, so they need
 * not add up to 1.
 */
export const timeShares = z.strictObject({
  /** In the network, the attention blocks and the optimizer. */
  compute: z.number(),
  /** With nothing to compute until a neighbour's message comes: the exposed share of communication. */
  wait: z.number(),
  /** Packing, checking and copying what travels, hidden under compute or not. */
  transfer: z.number(),
  /** Waiting for the next batch. */
  data: z.number(),
});
export type TimeShares = z.infer<typeof timeShares>;

export const segmentResult = z.strictObject({
  rank: z.number().int(),
  step: z.number().int(),
  finished: z.boolean(),
  loss: z.number(),
  secondsUsed: z.number(),
  tokensPerSecond: z.number(),
  memoryMb: z.number(),
  /** Of the whole segment. */
  shares: timeShares,
  /** The attention kernel's variant; null where TensorFlow.js computes. */
  kernel: z.string().nullable(),
  /** What rounding took from all that this slot sent in its first steps; absent where nothing was rounded. */
  wireError: z.string().optional(),
  /** Written by rank 0 only. */
  checkpoint: artifactReference.optional(),
});
export type SegmentResult = z.infer<typeof segmentResult>;

/** What a slot's child process tells its parent while it trains; also the heartbeat's details. */
export const segmentProgress = z.strictObject({
  step: z.number().int(),
  totalSteps: z.number().int().nullable(),
  loss: z.number(),
  secondsUsed: z.number(),
  budgetSeconds: z.number().nullable(),
  tokensPerSecond: z.number(),
  memoryMb: z.number(),
  /** Of the last seconds. */
  shares: timeShares,
  checkpoint: artifactReference.optional(),
  /** Why the newest checkpoint could not be written: training goes on from memory, the next one is tried when due. */
  checkpointFailure: z.string().optional(),
});
export type SegmentProgress = z.infer<typeof segmentProgress>;

/** What `planTraining` finds before any slot is leased. */
export const trainingPlan = z.strictObject({
  /** Hash of the sequences and the settings that decide the weights: the same run has the same id, whoever starts it. */
  runId: z.string(),
  /** There when a training manifest of this very run is whole already. */
  result: ringTrainingResult.nullable(),
  /** The newest whole checkpoint of the run, with the step and the training seconds it stands for. */
  checkpoint: artifactReference.nullable(),
  step: z.number().int().nonnegative(),
  secondsUsed: z.number().nonnegative(),
  /** What the run began to compute with, and its slots must compute with; null before its first ring. */
  numerics: z.string().nullable(),
  /** Steps that rings of this run have taken in all, those that were lost again included: a run that gains some goes on. */
  stepsTaken: z.number().int().nonnegative(),
  ...lostAndFound.shape,
});
export type TrainingPlan = z.infer<typeof trainingPlan>;

/** What `finishTraining` makes a training manifest of. */
export const finishTrainingInput = z.strictObject({
  input: ringTrainingInput,
  runId: z.string(),
  /** The last one: what the model is made of. */
  checkpoint: artifactReference,
  /** What the slots said at the end, by rank. */
  results: z.array(segmentResult),
  /** What the workflow has seen of its rings. */
  bitsMayDiffer: z.boolean().optional(),
});
export type FinishTrainingInput = z.infer<typeof finishTrainingInput>;

/** What a slot is asked before its ring forms; the epoch fences off whoever is left of an earlier ring. */
export const slotPreparation = z.strictObject({
  runId: z.string().min(1),
  epoch: z.number().int().nonnegative(),
});
export type SlotPreparation = z.infer<typeof slotPreparation>;

/** Where the other slots of the ring reach it. */
export const slotAddress = z.strictObject({ address: z.string().min(1) });
export type SlotAddress = z.infer<typeof slotAddress>;
