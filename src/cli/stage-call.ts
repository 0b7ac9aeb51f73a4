import { stageRunner } from '../stages/runner.ts';
import type { StageInput, StageName, StageOutput } from '../stages/table.ts';
import { stderrLogger } from './logger.ts';
import type { Session } from './session.ts';

/** Runs one stage without Temporal, in a process of its own when it computes, so that Ctrl-C always ends it. */
export async function callStage<Name extends StageName>(
  session: Session,
  stage: Name,
  input: StageInput<Name>,
): Promise<StageOutput<Name>> {
  const home = await session.home();
  const log = stderrLogger(
    session.flags.logLevel === undefined ? 'warn' : session.config.logLevel,
    session.progress,
  );
  const config = { ...session.config, home: home.root };
  const run = stageRunner({ home, config, log });
  return run(stage, input, { signal: session.signal, progress: (update) => session.progress.show(update) });
}
