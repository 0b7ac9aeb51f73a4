import { parseArgs } from 'node:util';
import { trainingSettings } from '../../src/contracts/training.ts';
import { BadInputError, describeIssues } from '../../src/errors.ts';
import { ATTACKS } from './attacks.ts';

export const USAGE = `chaos [--kills N] [--seed N] [--ring-size N] [--spares N] [--steps N] [--elastic] [--only KINDS]
      [--logs FOLDER] [--json]

Trains a small model on real data twice in real processes, undisturbed and under attack, and compares the SHA-256 of
the weights. What is killed and when is a function of the seed.
  --kills N       default 20
  --seed N        default 7
  --ring-size N   slots that share a sequence (default 2)
  --spares N      slots beside them (default 0: what was killed has to come back)
  --steps N       default: enough for the kills
  --elastic       let the ring shrink, and make it: bits may differ then
  --only KINDS    some kinds of attack, by name, with commas between
  --logs FOLDER   what the services logged is copied there
  --json          one JSON object on stdout; what happens is told on stderr in any case
`;

export interface ChaosOptions {
  kills: number;
  seed: number;
  ringSize: number;
  spares: number;
  steps: number;
  elastic: boolean;
  only: string[] | undefined;
  logs?: string | undefined;
}

/** A ring makes no step while it recovers; between two attacks it shall make some. */
const STEPS_PER_KILL = 12;
const STEPS_BESIDES = 6;

export function parseOptions(args: readonly string[]): ChaosOptions & { json: boolean; help: boolean } {
  const { values } = parse(args);
  const whole = (
    name: 'kills' | 'seed' | 'ring-size' | 'spares' | 'steps',
    least: number,
    fallback: number,
  ) => {
    const text = values[name];
    const number = text === undefined ? fallback : Number(text);
    if (Number.isSafeInteger(number) && number >= least) return number;
    throw new BadInputError(`--${name} ${text} is not a number from ${least} up.`, 'See `chaos --help`.');
  };
  const kills = whole('kills', 1, 20);
  const options = {
    kills,
    seed: whole('seed', 0, 7),
    ringSize: whole('ring-size', 1, 2),
    spares: whole('spares', 0, 0),
    steps: whole('steps', 8, STEPS_PER_KILL * kills + STEPS_BESIDES),
    elastic: values.elastic,
    only: values.only?.split(',').map((name) => name.trim()),
    logs: values.logs,
    json: values.json,
    help: values.help,
  };
  refuseWhatCannotBe(options);
  return options;
}

/** Before anything is started. */
function refuseWhatCannotBe({ ringSize, steps, only }: ChaosOptions): void {
  const { error } = trainingSettings.safeParse({ ringSize, maxSteps: steps });
  if (error) throw new BadInputError(`${describeIssues(error.issues)}.`, 'See `chaos --help`.');
  const unknown = only?.find((name) => !(name in ATTACKS));
  if (unknown !== undefined) {
    const known = Object.keys(ATTACKS).join(', ');
    throw new BadInputError(`There is no attack "${unknown}".`, `There are: ${known}.`);
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        kills: { type: 'string' },
        seed: { type: 'string' },
        'ring-size': { type: 'string' },
        spares: { type: 'string' },
        steps: { type: 'string' },
        only: { type: 'string' },
        logs: { type: 'string' },
        elastic: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new BadInputError(reason!.replace(/[^.]$/, '$&.'), 'See `chaos --help`.');
  }
}
