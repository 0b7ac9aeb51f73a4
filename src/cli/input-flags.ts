import type { Command } from 'commander';
import { integer } from './flags.ts';

export interface InputFlags {
  /** False after `--no-operator`. */
  operator?: boolean;
  weather?: boolean;
  context?: number;
}

/** What day-ahead forecasts are told of their target hours. */
export function addInputFlags(command: Command): Command {
  return command
    .option('--no-operator', "do without the operator's own day-ahead forecast")
    .option('--weather', 'take the shipped weather forecast runs too (ERCO and CISO, 2019 to 2021)')
    .option('--context <hours>', 'history that day-ahead columns may look back on (default: all)', integer);
}

/** As the contracts name it. */
export const inputsOf = ({ operator = true, weather = false, context }: InputFlags) => ({
  operator,
  weather,
  ...(context !== undefined && { contextHours: context }),
});
