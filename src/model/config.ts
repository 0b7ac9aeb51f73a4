import { z } from 'zod';
import type { TrainingSettings } from '../contracts/training.ts';
import { QUANTILES, type IssueColumn } from '../day-ahead/issue-table.ts';
import { BadInputError } from '../errors.ts';
import { columnsOf } from '../sequences/issue-scaling.ts';

/** The head that answers the target hours of an issue, knowing of them what is known when it is issued. */
const issueHead = z.strictObject({
  /** Names of what is known of each target hour, in the order of the features. */
  columns: z.array(z.string()).min(1),
  /** Names of what is known of the issue's day as a whole, the same for all its target hours. */
  dayColumns: z.array(z.string()),
  /** Target hours an issue. */
  horizon: z.number().int().positive(),
  hidden: z.number().int().positive(),
  /** Levels that it answers with, ascending, 0.5 among them. */
  quantiles: z.array(z.number().gt(0).lt(1)).min(1),
  /** The unit of its outputs, as a log-ratio to the base: about what a linear model errs by. */
  scale: z.number().positive(),
});

/** All that decides what the network computes; stored with its weights. */
const storedConfig = z.strictObject({
  /** Names of the input channels, in the order of the inputs' columns. */
  channels: z.array(z.string()).min(1),
  regions: z.array(z.string()).min(1),
  /** Hours ahead that the heads predict at every hour. */
  horizon: z.number().int().positive(),
  width: z.number().int().positive(),
  layers: z.number().int().positive(),
  heads: z.number().int().positive(),
  /** Heads of keys and values (Ainslie et al. 2023, arXiv:2305.13245). Models of before have as many as heads. */
  kvHeads: z.number().int().positive().optional(),
  /** Hours that a token looks back, itself included; absent: all. */
  window: z.number().int().positive().optional(),
  mlpWidth: z.number().int().positive(),
  /** The unit of the heads' outputs, as a log-ratio: about what persistence errs by, so that outputs are near 1. */
  outputScale: z.number().positive(),
  /** Absent: the model answers hour by hour only, from what its tokens say. */
  issueHead: issueHead.optional(),
});
export const modelConfig = storedConfig.transform((stored) => ({
  ...stored,
  kvHeads: stored.kvHeads ?? stored.heads,
}));
export type ModelConfig = z.infer<typeof modelConfig>;

/** A preset's answers to what the settings leave open. docs/ring-attention.md says why. */
export interface Preset {
  width: number;
  layers: number;
  heads: number;
  /** Width of the issue head's hidden layers. */
  issueHidden: number;
  learningRate: number;
  budgetMinutes: number;
  maxSteps: number;
}

export const PRESETS: Record<TrainingSettings['preset'], Preset> = {
  quick: {
    width: 64,
    layers: 2,
    heads: 2,
    issueHidden: 64,
    learningRate: 2e-3,
    budgetMinutes: 2.2,
    maxSteps: 500,
  },
  default: {
    width: 128,
    layers: 3,
    heads: 4,
    issueHidden: 96,
    learningRate: 2e-3,
    budgetMinutes: 60,
    maxSteps: 2000,
  },
  best: {
    width: 192,
    layers: 4,
    heads: 6,
    issueHidden: 128,
    learningRate: 1.5e-3,
    budgetMinutes: 240,
    maxSteps: 4000,
  },
};

/** `kernels/attention` has the same numbers. */
const HEAD_DIM = { least: 8, most: 128 };

const OUTPUT_SCALE = 0.05;
/** Operators err by half of what a model errs by that does not see their forecast. */
const ISSUE_SCALE = { operator: 0.02, alone: 0.04 };
const MLP_RATIO = 4;

export function resolveModel(
  settings: TrainingSettings,
  data: {
    channels: string[];
    regions: string[];
    horizon: number;
    /** Where targets are given, their unit. */
    given?: { scale: number } | undefined;
    /** Of the issue tables, where the sequences have some. */
    issues?: { columns: readonly IssueColumn[]; horizon: number; operator: boolean } | undefined;
  },
): ModelConfig {
  const preset = PRESETS[settings.preset];
  const width = settings.width ?? preset.width;
  const heads = settings.heads ?? (settings.width ? Math.max(1, Math.round(width / 32)) : preset.heads);
  if (width % (2 * heads) !== 0) {
    throw new BadInputError(
      `width ${width} cannot be split into ${heads} heads of an even width.`,
      'Give a width that is a multiple of twice the heads, such as 32 a head.',
    );
  }
  const headDim = width / heads;
  if (headDim < HEAD_DIM.least || headDim > HEAD_DIM.most) {
    throw new BadInputError(
      `${heads} heads of a width of ${width} are ${headDim} wide each: the kernels take ${HEAD_DIM.least} to ${HEAD_DIM.most}.`,
      'Give a width of 32 or 64 a head.',
    );
  }
  const kvHeads = settings.kvHeads ?? heads;
  if (heads % kvHeads !== 0) {
    throw new BadInputError(
      `${heads} heads cannot share ${kvHeads} heads of keys and values.`,
      'Give as many heads of keys and values as divide the heads, such as half or a quarter of them.',
    );
  }
  return {
    channels: data.channels,
    regions: data.regions,
    horizon: data.horizon,
    width,
    layers: settings.layers ?? preset.layers,
    heads,
    kvHeads,
    ...(settings.window === undefined ? {} : { window: settings.window }),
    mlpWidth: MLP_RATIO * width,
    outputScale: data.given?.scale ?? OUTPUT_SCALE,
    ...(data.issues && {
      issueHead: {
        columns: columnsOf(data.issues.columns).own.map(({ name }) => name),
        dayColumns: columnsOf(data.issues.columns).day.map(({ name }) => name),
        horizon: data.issues.horizon,
        hidden: preset.issueHidden,
        quantiles: [...QUANTILES],
        scale: data.issues.operator ? ISSUE_SCALE.operator : ISSUE_SCALE.alone,
      },
    }),
  };
}
