import { parseArgs } from 'node:util';
import { BadInputError } from '../../../src/errors.ts';
import type { CampaignOptions } from './campaign.ts';

export const USAGE = `fuzz [--cases N] [--seed N] [--only CASE] [--json]

Starts \`serve\` and sends it what no client should: broken JSON, protobuf, HTTP and HTTP/2, wrong shapes, types, names
and keys, a gigabyte, slow and vanishing clients, on all three doors. Each case is a function of the seed and its number.
  --cases N    default 10000
  --seed N     default 7
  --only CASE  this one alone, with what came back
  --json       one JSON object on stdout; failures are told on stderr in any case
`;

export function parseOptions(args: readonly string[]): CampaignOptions & { json: boolean; help: boolean } {
  const { values } = parse(args);
  const whole = (name: 'cases' | 'seed' | 'only', least: number) => {
    const text = values[name];
    const number = Number(text);
    if (text === undefined) return undefined;
    if (Number.isSafeInteger(number) && number >= least) return number;
    throw new BadInputError(`--${name} ${text} is not a number from ${least} up.`, 'See `fuzz --help`.');
  };
  return {
    cases: whole('cases', 1) ?? 10_000,
    seed: whole('seed', 0) ?? 7,
    only: whole('only', 0),
    slow: 5,
    json: values.json,
    help: values.help,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      options: { cases: text, seed: text, only: text, json: flag, help: flag },
    });
  } catch (error) {
    throw new BadInputError((error as Error).message, 'See `fuzz --help`.');
  }
}
