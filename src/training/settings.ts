import type { TrainingSettings } from '../contracts/training.ts';
import { PRESETS } from '../model/config.ts';
import type { AdamWSettings } from './adamw.ts';
import { dropoutOf, type Dropout } from './dropout.ts';
import type { LeadEmphasis } from './loss.ts';

/** Every number a run uses, none left open. docs/ring-attention.md gives the reasons. */
export interface ResolvedTraining {
  seed: number;
  maxSteps: number;
  budgetSeconds: number;
  checkpointEverySteps: number;
  sequencesPerStep: number;
  gradientCheckpointing: boolean;
  precision: TrainingSettings['precision'];
  wire: TrainingSettings['wire'];
  layout: TrainingSettings['layout'];
  learningRate: number;
  schedule: { warmUp: number; floor: number };
  optimizer: AdamWSettings;
  clipNorm: number;
  leads: LeadEmphasis;
  /** Where smooth L1 turns from a parabola to a line, in units of the model's output scale. */
  bend: number;
  /** What the hourly heads count beside an issue head. */
  hourlyWeight: number;
  /** Of the issue head. */
  issueLoss: TrainingSettings['loss'];
  dropout: Dropout;
}

/** The day-ahead protocol reads leads 16 to 39 from the newest known hour; the others help the trunk to learn. */
const DAY_AHEAD: LeadEmphasis = { from: 16, to: 39, others: 0.25 };

/** Of a person's own series all leads count alike, and errors count squared, as the long-horizon literature has it. */
const GIVEN_BEND = 4;

export function resolveTraining(settings: TrainingSettings, given?: object): ResolvedTraining {
  const preset = PRESETS[settings.preset];
  return {
    seed: settings.seed,
    maxSteps: settings.maxSteps ?? preset.maxSteps,
    budgetSeconds: 60 * (settings.budgetMinutes ?? preset.budgetMinutes),
    checkpointEverySteps: settings.checkpointEverySteps,
    sequencesPerStep: settings.sequencesPerStep,
    gradientCheckpointing: settings.gradientCheckpointing,
    precision: settings.precision,
    wire: settings.wire,
    layout: settings.layout,
    learningRate: settings.learningRate ?? preset.learningRate,
    schedule: { warmUp: 0.05, floor: 0.01 },
    optimizer: { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.1 },
    clipNorm: 1,
    leads: given ? { ...DAY_AHEAD, others: 1 } : DAY_AHEAD,
    bend: given ? GIVEN_BEND : 0.2,
    hourlyWeight: settings.hourlyWeight,
    issueLoss: settings.loss,
    dropout: dropoutOf(settings.dropout),
  };
}
