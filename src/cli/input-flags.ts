import type { Command } from 'commander';

export interface InputFlags {
  /** False after `--no-operator`. */
  operator?: boolean;
  weather?: boolean;
}

/** What day-ahead forecasts are told of their target hours. */
export function addInputFlags(command: Command): Command {
  return command
    .option('--no-operator', "do without the operator's own day-ahead forecast")
    .option('--weather', 'take the shipped weather forecast runs too (ERCO and CISO, 2019 to 2021)');
}

/** As the contracts name it. */
export const inputsOf = ({ operator = true, weather = false }: InputFlags) => ({ operator, weather });
