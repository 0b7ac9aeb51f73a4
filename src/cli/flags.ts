import { InvalidArgumentError, type Command } from 'commander';

/** What every verb takes. */
export interface GlobalFlags {
  home?: string;
  config?: string;
  logLevel?: string;
  json?: boolean;
}

/** Adds a verb with the flags that all have; `example` is shown below its help. */
export function defineVerb(
  program: Command,
  usage: string,
  description: string,
  examples: string[],
): Command {
  const command = program.command(usage).description(description);
  addGlobalFlags(command);
  const lines = examples.map((example) => `  npm run -s ringwatt -- ${example}`);
  command.addHelpText('after', `\n${lines.length > 1 ? 'Examples' : 'Example'}:\n${lines.join('\n')}`);
  return command;
}

export function addGlobalFlags(command: Command): Command {
  return command
    .option('--home <folder>', 'where data, models and reports lie (default: .ringwatt, or RINGWATT_HOME)')
    .option('--config <file>', 'a JSON file with the fields of docs/configuration.md')
    .option('--log-level <level>', 'debug, info, warn or error (default: warn here, info in the services)')
    .option('--json', 'print one JSON object on stdout; progress and logs go to stderr');
}

export function integer(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

export function decimal(text: string): number {
  if (text.trim() === '' || !Number.isFinite(Number(text)))
    throw new InvalidArgumentError('It must be a number.');
  return Number(text);
}

export function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

/** Region codes as people type them: `pacw,erco`. */
export const regionList = (text: string): string[] => list(text.toUpperCase());
