import type { Config } from '../config/config.ts';
import type { Home } from '../lake/home.ts';
import type { Logger, StageContext, StageProgress } from './context.ts';
import { runInChild } from './run-in-child.ts';
import { WarmProcesses } from './warm-processes.ts';
import { IN_PROCESS, KEPT_WARM, STAGES, type StageInput, type StageName, type StageOutput } from './table.ts';

export interface RunOptions {
  signal: AbortSignal;
  progress: (update: StageProgress) => void;
}

/** Runs a stage by its name and hands back its result; where it runs is not the caller's business. */
export type StageRunner = <Name extends StageName>(
  stage: Name,
  input: StageInput<Name>,
  options: RunOptions,
) => Promise<StageOutput<Name>>;

export interface RunnerDependencies {
  home: Home;
  config: Config;
  log: Logger;
}

export function stageRunner({ home, config, log }: RunnerDependencies): StageRunner {
  const warm = new WarmProcesses();
  return async (stage, input, options) => {
    if (!IN_PROCESS.has(stage)) {
      const run = { stage, input, config, log, ...options };
      const result = KEPT_WARM.has(stage) ? warm.run(run) : runInChild(run);
      return (await result) as StageOutput<typeof stage>;
    }
    const run = (await STAGES[stage]()) as (
      context: StageContext,
      value: typeof input,
    ) => Promise<StageOutput<typeof stage>>;
    return run({ home, config, log, ...options }, input);
  };
}
