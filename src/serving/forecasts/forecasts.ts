import type { ForecastResult } from '../../backtest/forecast-stage.ts';
import type { Config } from '../../config/config.ts';
import type { ForecastInput } from '../../contracts/stages.ts';
import { UnavailableError } from '../../errors.ts';
import type { Logger } from '../../stages/context.ts';
import { StageProcess } from '../../stages/stage-process.ts';
import { ServingProblem } from '../problem.ts';

/** A warm forecast takes half a second: whoever is last in a full queue waits some eight. */
const MOST_WAITING = 16;
/** A cold one on a busy machine, with a year of context. */
const LONGEST_MS = 120_000;
/**
 * A forecast whose caller has left is let come to its end so long: it is nearly there, and a process that is ended takes
 * with it what makes the next one fast.
 */
const GRACE_MS = 3000;
const FIRST_GUESS_SECONDS = 2;

export interface ForecastsOptions {
  /** Its `home` is the one that is forecast from. */
  config: Config;
  log: Logger;
  mostWaiting?: number;
  longestMs?: number;
  graceMs?: number;
  /** The module whose stages run; default: the project's own. */
  table?: URL;
}

interface Asked {
  input: ForecastInput;
  signal: AbortSignal;
  settle: (outcome: { result: ForecastResult } | { error: unknown }) => void;
}

/**
 * Forecasts of a process that answers over the network: they are computed in another one, which is kept with its
 * libraries loaded and its models open, one at a time; whoever comes meanwhile waits in a queue that is never long.
 */
export class Forecasts {
  readonly #options: Required<Omit<ForecastsOptions, 'table'>> & Pick<ForecastsOptions, 'table'>;
  readonly #waiting: Asked[] = [];
  readonly #over = new AbortController();
  #process: StageProcess | undefined;
  #running: Promise<void> | undefined;
  #lastSeconds = FIRST_GUESS_SECONDS;

  constructor(options: ForecastsOptions) {
    this.#options = { mostWaiting: MOST_WAITING, longestMs: LONGEST_MS, graceMs: GRACE_MS, ...options };
  }

  /**
   * @throws ServingProblem RESOURCE_EXHAUSTED when too many wait already, DEADLINE_EXCEEDED
   * @throws RingwattError whatever the stage refuses
   */
  ask(input: ForecastInput, signal: AbortSignal): Promise<ForecastResult> {
    return new Promise((resolve, reject) => {
      if (this.#over.signal.aborted) throw closing();
      signal.throwIfAborted();
      if (this.#waiting.length >= this.#options.mostWaiting) throw this.#full();
      const leave = () => {
        const place = this.#waiting.indexOf(asked);
        if (place >= 0) this.#waiting.splice(place, 1);
        reject(signal.reason);
      };
      const asked: Asked = {
        ...{ input, signal },
        settle(outcome) {
          signal.removeEventListener('abort', leave);
          if ('result' in outcome) resolve(outcome.result);
          else reject(outcome.error);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(asked);
      this.#running ??= this.#work();
    });
  }

  /** How many wait, and whether one is being computed. */
  get load(): { waiting: number; running: boolean } {
    return { waiting: this.#waiting.length, running: this.#running !== undefined };
  }

  async close(): Promise<void> {
    this.#over.abort(closing());
    for (const asked of this.#waiting.splice(0)) asked.settle({ error: closing() });
    await this.#running;
    await this.#process?.end();
    this.#process = undefined;
  }

  async #work(): Promise<void> {
    try {
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
        const started = performance.now();
        const outcome = await this.#compute(next).then(
          (result) => ({ result }),
          (error: unknown) => ({ error }),
        );
        this.#lastSeconds = (performance.now() - started) / 1000;
        next.settle(outcome);
      }
    } finally {
      this.#running = undefined;
    }
  }

  async #compute({ input, signal }: Asked): Promise<ForecastResult> {
    const { config, log, table, longestMs, graceMs } = this.#options;
    const ending = new AbortController();
    const end = () => ending.abort(this.#over.signal.aborted ? closing() : late(longestMs));
    const tooLong = setTimeout(end, longestMs);
    let leaving: NodeJS.Timeout | undefined;
    const left = () => (leaving = setTimeout(end, graceMs));
    signal.addEventListener('abort', left, { once: true });
    this.#over.signal.addEventListener('abort', end, { once: true });
    try {
      const process = await this.#fit();
      ending.signal.throwIfAborted();
      const run = { stage: 'forecast', input, config, signal: ending.signal, progress() {}, log, table };
      return (await process.run(run)) as ForecastResult;
    } catch (error) {
      // A stage that was told to end says that it has ended, not why.
      throw ending.signal.aborted ? ending.signal.reason : error;
    } finally {
      clearTimeout(tooLong);
      clearTimeout(leaving);
      signal.removeEventListener('abort', left);
      this.#over.signal.removeEventListener('abort', end);
      this.#process?.rest();
    }
  }

  /** The one that worked last, or a new one where that has died, was ended, or has grown too large. */
  async #fit(): Promise<StageProcess> {
    if (this.#process && !this.#process.isFit) {
      await this.#process.end();
      this.#process = undefined;
    }
    this.#process ??= new StageProcess();
    this.#process.wake();
    return this.#process;
  }

  #full(): ServingProblem {
    const { mostWaiting } = this.#options;
    const seconds = Math.ceil(this.#lastSeconds * (mostWaiting + 1));
    return new ServingProblem('RESOURCE_EXHAUSTED', `${mostWaiting} forecasts wait already.`, seconds);
  }
}

const late = (ms: number) =>
  new ServingProblem('DEADLINE_EXCEEDED', `The forecast was not there after ${ms / 1000} s.`);
const closing = () => new UnavailableError('This process is ending.', 'Ask again.');
