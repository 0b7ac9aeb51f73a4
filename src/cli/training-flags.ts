import type { Command } from 'commander';
import { decimal, integer } from './flags.ts';

export interface TrainingFlags {
  preset?: string;
  ringSize?: number;
  seed?: number;
  budgetMinutes?: number;
  maxSteps?: number;
  checkpointEvery?: number;
  layout?: string;
  width?: number;
  layers?: number;
  heads?: number;
  learningRate?: number;
}

/** The flags of `train` and `run` that say what is trained and for how long. */
export function addTrainingFlags(command: Command): Command {
  return command
    .option(
      '--preset <name>',
      'quick (2,184 hours, 2 layers of 64) or default (8,760 hours) (default: quick)',
    )
    .option('--ring-size <slots>', 'slots that share each sequence, 1 to 8 (default: 2)', integer)
    .option('--seed <number>', 'decides the first weights and the order of the data (default: 1)', integer)
    .option('--budget-minutes <minutes>', 'stop at the first step past it (default: by preset)', decimal)
    .option('--max-steps <count>', 'stop after so many steps (default: by preset)', integer)
    .option('--checkpoint-every <steps>', 'default: 20', integer)
    .option('--layout <name>', 'zigzag or contiguous: how tokens are dealt to the slots (default: zigzag)')
    .option('--width <number>', 'model width (default: by preset)', integer)
    .option('--layers <count>', 'default: by preset', integer)
    .option('--heads <count>', 'default: by preset', integer)
    .option('--learning-rate <number>', 'default: by preset', decimal);
}

/** As `trainingSettings` of the contracts names them; absent flags stay absent. */
export function settingsOf(flags: TrainingFlags): object {
  const { preset, ringSize, seed, budgetMinutes, maxSteps, layout, width, layers, heads, learningRate } =
    flags;
  const settings = {
    preset,
    ringSize,
    seed,
    budgetMinutes,
    maxSteps,
    layout,
    width,
    layers,
    heads,
    learningRate,
  };
  const all = { ...settings, checkpointEverySteps: flags.checkpointEvery };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
