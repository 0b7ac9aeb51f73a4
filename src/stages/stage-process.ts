import { fork, type ChildProcess } from 'node:child_process';
import type { Config } from '../config/config.ts';
import { childLost, restoreError, type FromStageChild, type ToStageChild } from './child-protocol.ts';
import type { Logger, StageProgress } from './context.ts';

const CHILD = new URL('./child.ts', import.meta.url);
const TABLE = new URL('./table.ts', import.meta.url);

/** How long a cancelled stage may take to reach its next safe point before its process is killed. */
const CANCEL_GRACE_MS = 5000;
/** What a stage left behind of more than this is given back by ending its process. */
const LARGEST_KEPT_MB = 1200;

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
 * A process that runs stages, one after another, so that its parent keeps answering while they compute, and so that
 * cancelling always works: first by asking, then by SIGKILL. Errors arrive as their own types.
 */
export class StageProcess {
  readonly #child: ChildProcess;
  readonly #closed: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  #fit = true;

  constructor() {
    this.#child = fork(CHILD, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
    this.#child.on('error', () => (this.#fit = false));
    this.#closed = new Promise((resolve) =>
      this.#child.once('close', (code, signal) => {
        this.#fit = false;
        resolve({ code, signal });
      }),
    );
  }

  /** Whether another stage may be given to it: nobody cancelled it, it lives, and it holds little memory. */
  get isFit(): boolean {
    return this.#fit && this.#child.connected;
  }

  run(run: ChildRun): Promise<unknown> {
    const child = this.#child;
    return new Promise<unknown>((resolve, reject) => {
      let killing: NodeJS.Timeout | undefined;
      const cancel = () => {
        this.#fit = false;
        this.#tell({ kind: 'cancel' });
        killing = setTimeout(() => child.kill('SIGKILL'), CANCEL_GRACE_MS);
      };
      const settle = (answer: () => void) => {
        clearTimeout(killing);
        run.signal.removeEventListener('abort', cancel);
        child.off('message', hear).off('error', lost);
        answer();
      };
      const lost = (error: Error) => settle(() => reject(error));
      const hear = (message: FromStageChild) => {
        switch (message.kind) {
          case 'progress':
            return run.progress(message.progress);
          case 'log':
            return run.log[message.level]({ stage: run.stage, ...message.fields }, message.message);
          case 'done':
          case 'failed':
            if (message.memoryMb > LARGEST_KEPT_MB) this.#fit = false;
            return settle(() =>
              message.kind === 'done' ? resolve(message.result) : reject(restoreError(message.error)),
            );
        }
      };
      child.on('message', hear).once('error', lost);
      run.signal.addEventListener('abort', cancel, { once: true });
      void this.#closed.then(({ code, signal }) =>
        settle(() => reject(run.signal.aborted ? run.signal.reason : childLost(run.stage, code, signal))),
      );
      const { stage, input, config, table = TABLE } = run;
      this.#tell({ kind: 'run', stage, input, config, table: table.href });
    });
  }

  /** While it only waits it keeps nobody from ending. */
  rest(): void {
    this.#child.unref();
    this.#child.channel?.unref();
  }

  wake(): void {
    this.#child.ref();
    this.#child.channel?.ref();
  }

  /** Returns when it is gone, and its memory with it. */
  async end(): Promise<void> {
    this.#fit = false;
    this.wake();
    this.#tell({ kind: 'end' });
    await this.#closed;
  }

  #tell(message: ToStageChild): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}
