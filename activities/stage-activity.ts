import type { z } from 'zod';
import type { StageProgress } from '../src/stages/context.ts';
import type { StageInput, StageName, StageOutput } from '../src/stages/table.ts';
import { parseInput } from '../src/temporal/input.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { underHeartbeat } from './heartbeat.ts';

/** An activity that checks its input against a contract and runs one stage. */
export function stageActivity<Name extends StageName, Schema extends z.ZodType<StageInput<Name>>>(
  { run, heartbeatMs }: ActivityDependencies,
  stage: Name,
  schema: Schema,
): (input: z.input<Schema>) => Promise<StageOutput<Name>> {
  return (input) =>
    underHeartbeat<StageProgress, StageOutput<Name>>(heartbeatMs, (signal, progress) =>
      run(stage, parseInput(schema, input, stage), { signal, progress }),
    );
}
