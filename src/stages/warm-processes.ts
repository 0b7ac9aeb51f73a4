import { StageProcess, type ChildRun } from './stage-process.ts';

/** Waiting longer than between two stages of a job is waste. */
const KEPT_MS = 60_000;
/** More would hold more memory than they save time. */
const MOST_KEPT = 2;

/**
 * Processes that outlive their stage for a while, so that the next one finds libraries loaded, models opened and the
 * record read. Each runs one stage at a time; one that was cancelled, died or has grown is not used again.
 */
export class WarmProcesses {
  readonly #keptMs: number;
  readonly #waiting: { process: StageProcess; over: NodeJS.Timeout }[] = [];

  constructor({ keptMs = KEPT_MS }: { keptMs?: number } = {}) {
    this.#keptMs = keptMs;
  }

  async run(run: ChildRun): Promise<unknown> {
    run.signal.throwIfAborted();
    const process = this.#take() ?? new StageProcess();
    try {
      return await process.run(run);
    } finally {
      if (process.isFit && this.#waiting.length < MOST_KEPT) this.#keep(process);
      else await process.end();
    }
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#waiting.splice(0).map(({ process, over }) => {
        clearTimeout(over);
        return process.end();
      }),
    );
  }

  /** The one that worked last knows most of what is asked next. */
  #take(): StageProcess | undefined {
    for (let next = this.#waiting.pop(); next; next = this.#waiting.pop()) {
      clearTimeout(next.over);
      if (!next.process.isFit) continue;
      next.process.wake();
      return next.process;
    }
    return undefined;
  }

  #keep(process: StageProcess): void {
    const over = setTimeout(() => {
      const index = this.#waiting.findIndex((each) => each.process === process);
      if (index >= 0) this.#waiting.splice(index, 1);
      void process.end();
    }, this.#keptMs).unref();
    process.rest();
    this.#waiting.push({ process, over });
  }
}
