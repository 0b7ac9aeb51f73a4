import { Option, type Command } from 'commander';
import { PRESET_SEQUENCE_HOURS, spellHours } from '../contracts/sequence-length.ts';
import { decimal, integer } from './flags.ts';

export interface TrainingFlags {
  preset?: string;
  ringSize?: number;
  seed?: number;
  budgetMinutes?: number;
  maxSteps?: number;
  checkpointEvery?: number;
  sequencesPerStep?: number;
  layout?: string;
  window?: number;
  gradientCheckpointing?: boolean;
  precision?: string;
  wire?: string;
  device?: string;
  mixed?: boolean;
  elastic?: boolean;
  width?: number;
  layers?: number;
  heads?: number;
  kvHeads?: number;
  learningRate?: number;
  hourlyWeight?: number;
  peakWeight?: number;
  shortCost?: number;
  dropout?: number;
}

/** The flags of `train` and `run` that say what is trained and for how long. */
export function addTrainingFlags(command: Command): Command {
  return LISTED.reduce((all, option) => all.addOption(option), command);
}

/** Where a setting is called otherwise than its flag. */
const FIELDS: Partial<Record<keyof TrainingFlags, string>> = { checkpointEvery: 'checkpointEverySteps' };

/** Settings of the loss, which are one setting of the contract. */
const LOSS_FLAGS: ReadonlySet<string> = new Set<keyof TrainingFlags>(['peakWeight', 'shortCost']);

/** As `trainingSettings` of the contracts names them; absent flags stay absent. */
export function settingsOf(flags: TrainingFlags): object {
  const names = LISTED.map((option) => option.attributeName() as keyof TrainingFlags);
  const given = names.filter((name) => flags[name] !== undefined);
  const [ofLoss, others] = [true, false].map((is) =>
    given.filter((name) => LOSS_FLAGS.has(name) === is).map((name) => [FIELDS[name] ?? name, flags[name]]),
  ) as [[string, unknown][], [string, unknown][]];
  const loss = ofLoss.length > 0 ? { loss: Object.fromEntries(ofLoss) } : {};
  return { ...Object.fromEntries(others), ...loss };
}

const flag = (flags: string, description: string) => new Option(flags, description);
const whole = (flags: string, description: string) => flag(flags, description).argParser(integer);

const LISTED: Option[] = [
  flag(
    '--preset <name>',
    `quick (${spellHours(PRESET_SEQUENCE_HOURS.quick)}, 2 layers of 64), default (${spellHours(PRESET_SEQUENCE_HOURS.default)}, 3 layers of 128) or best (${spellHours(PRESET_SEQUENCE_HOURS.best)}, 4 layers of 192) (default: quick)`,
  ),
  whole('--ring-size <slots>', 'slots that share each sequence, 1 to 8 (default: 2)'),
  whole('--seed <number>', 'decides the first weights and the order of the data (default: 1)'),
  flag('--budget-minutes <minutes>', 'stop at the first step past it (default: by preset)').argParser(
    decimal,
  ),
  whole('--max-steps <count>', 'stop after so many steps (default: by preset)'),
  whole('--checkpoint-every <steps>', 'steps between two checkpoints (default: 20)'),
  whole('--sequences-per-step <count>', 'sequences whose gradients make one step, 1 to 64 (default: 1)'),
  flag(
    '--layout <name>',
    'zigzag, contiguous or striped: how tokens are dealt to the slots (default: zigzag)',
  ),
  whole('--window <hours>', 'hours that a token looks back, itself included (default: all of the sequence)'),
  flag(
    '--gradient-checkpointing',
    'keep only the inputs of each layer and compute its attention again going back: less memory, the same bits',
  ),
  flag(
    '--precision <name>',
    'float32, or bfloat16: products of halves summed in float32, where the kernel has them (default: float32)',
  ),
  flag(
    '--wire <name>',
    'float32, or bfloat16: half the bytes between slots, and their rounding (default: float32)',
  ),
  flag('--device <name>', 'any, cpu or gpu: what the slots must compute with (default: any)'),
  flag('--mixed', 'let slots that compute differently share a ring: bits may differ'),
  flag('--elastic', 'go on with fewer slots when one is lost and no spare one comes: bits may differ'),
  whole('--width <number>', 'model width (default: by preset)'),
  whole('--layers <count>', 'layers of the model (default: by preset)'),
  whole('--heads <count>', 'attention heads (default: by preset)'),
  whole('--kv-heads <count>', 'heads of keys and values, a divisor of the heads (default: as many)'),
  flag('--learning-rate <number>', 'at its peak (default: by preset)').argParser(decimal),
  flag(
    '--hourly-weight <number>',
    'what the hourly heads count beside the day ahead (default: 0.3)',
  ).argParser(decimal),
  flag(
    '--peak-weight <number>',
    'how often an hour counts whose demand lies above the 90th percentile of its region (default: 1)',
  ).argParser(decimal),
  flag(
    '--short-cost <number>',
    'what a MW too little costs where one too much costs 1: above 1, forecasts lie higher (default: 1)',
  ).argParser(decimal),
  flag(
    '--dropout <share>',
    'of what the day ahead sees of the sequence, left out at random in training (default: 0.7)',
  ).argParser(decimal),
];
