import { fork } from 'node:child_process';
import type { Config } from '../config/config.ts';
import { childLost, restoreError, type FromStageChild, type ToStageChild } from './child-protocol.ts';
import type { Logger, StageProgress } from './context.ts';

const CHILD = new URL('./child.ts', import.meta.url);
const TABLE = new URL('./table.ts', import.meta.url);

/** How long a cancelled stage may take to reach its next safe point before its process is killed. */
const CANCEL_GRACE_MS = 5000;

export interface ChildRun {
  stage: string;
  /** JSON only. */
  input: unknown;
  config: Config;
  signal: AbortSignal;
  progress: (update: StageProgress) => void;
  log: Logger;
  /** The module whose `STAGES` are run; default: the project's own. */
  table?: URL;
}

/**
 * Runs a stage in a process of its own, so that this one keeps answering while the stage computes, and so that
 * cancelling it always works: first by asking, then by SIGKILL. Its errors arrive as their own types.
 */
export function runInChild(run: ChildRun): Promise<unknown> {
  run.signal.throwIfAborted();
  const child = fork(CHILD, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
  const tell = (message: ToStageChild) => child.connected && child.send(message);

  return new Promise<unknown>((resolve, reject) => {
    let answer: (() => void) | undefined;
    let killing: NodeJS.Timeout | undefined;
    const cancel = () => {
      tell({ kind: 'cancel' });
      killing = setTimeout(() => child.kill('SIGKILL'), CANCEL_GRACE_MS);
    };
    run.signal.addEventListener('abort', cancel, { once: true });

    child.on('message', (message: FromStageChild) => {
      switch (message.kind) {
        case 'progress':
          return run.progress(message.progress);
        case 'log':
          return run.log[message.level]({ stage: run.stage, ...message.fields }, message.message);
        case 'done':
          answer = () => resolve(message.result);
          return;
        case 'failed':
          answer = () => reject(restoreError(message.error));
      }
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(killing);
      run.signal.removeEventListener('abort', cancel);
      if (answer) answer();
      else if (run.signal.aborted) reject(run.signal.reason);
      else reject(childLost(run.stage, code, signal));
    });
    tell({
      kind: 'run',
      stage: run.stage,
      input: run.input,
      config: run.config,
      table: (run.table ?? TABLE).href,
    });
  });
}
