import { StageProcess, type ChildRun } from './stage-process.ts';

/** Runs a stage in a process of its own, which is gone with its memory when this returns. */
export async function runInChild(run: ChildRun): Promise<unknown> {
  run.signal.throwIfAborted();
  const process = new StageProcess();
  try {
    return await process.run(run);
  } finally {
    await process.end();
  }
}
