import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, RingBrokenError } from '../../errors.ts';
import type { Logger } from '../../stages/context.ts';
import { ServingProblem } from '../problem.ts';
import { dealtQuestion } from './dealt-question.ts';
import { Formation, type FormationOptions } from './formation.ts';
import type { Answer, Question } from './questions.ts';

/** Failures in a row after which those that wait are told. */
const TRIES = 3;
const PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

export interface RingOptions extends FormationOptions {
  /** Questions that may wait for the ring; more are refused. */
  waitingAtMost: number;
  log: Logger;
}

interface Call {
  question: Question;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
  /** Nobody waits for it any more. */
  dropped: boolean;
}

/** Why the ring has to form again. */
interface Trouble {
  what: string;
  /** For the calls in hand. */
  error: unknown;
}

/**
 * Asks the shards of one network, as many questions at a time as it has stages. When a shard is lost, what was in hand
 * fails, the ring forms again, and what has waited is asked.
 */
export class ShardRing {
  readonly #options: RingOptions;
  readonly #formation: Formation;
  readonly #waiting: Call[] = [];
  readonly #running = new Map<number, Call>();
  readonly #closing = new AbortController();
  #epoch = 0;
  #calls = 0;
  #stands = false;
  #trouble = Promise.withResolvers<Trouble>();
  #keeping: Promise<void> = Promise.resolve();

  private constructor(options: RingOptions) {
    this.#options = options;
    this.#formation = new Formation(options, {
      answered: ({ epoch, call, hourly }, floats) => {
        if (epoch === this.#epoch) this.#answered(call, hourly, floats);
      },
      failed: (epoch, error) => {
        if (epoch === this.#epoch) this.#troubled('a pass failed', error);
      },
      lost: (error) => this.#troubled('a shard was lost', error),
    });
  }

  /** Resolves when it can answer. */
  static async start(options: RingOptions): Promise<ShardRing> {
    const ring = new ShardRing(options);
    try {
      for (let tries = 1; !(await ring.#formed(tries === TRIES)); tries++) await ring.#pause(tries);
    } catch (error) {
      await ring.close();
      throw error;
    }
    ring.#keeping = ring.#keep();
    return ring;
  }

  /** The answer to one question; rejects with the reason of `signal`, at once. */
  ask(question: Question, signal?: AbortSignal): Promise<Answer> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (this.#closing.signal.aborted) return Promise.reject(ending());
    if (this.#waiting.length >= this.#options.waitingAtMost) {
      const message = 'More wait for the shards of this model than may.';
      return Promise.reject(new ServingProblem('RESOURCE_EXHAUSTED', message, 1));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const call: Call = { question, resolve, reject, dropped: false };
    const drop = () => this.#drop(call, signal!.reason);
    signal?.addEventListener('abort', drop, { once: true });
    this.#waiting.push(call);
    this.#advance();
    return promise.finally(() => signal?.removeEventListener('abort', drop));
  }

  /** Ends the shards that are ours; what is in hand fails. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#stands = false;
    this.#failAll(ending());
    this.#trouble.resolve({ what: 'closing', error: ending() });
    await this.#formation.close();
    await this.#keeping;
    // A shard may have been reached meanwhile.
    await this.#formation.close();
  }

  async #keep(): Promise<void> {
    const { log, run } = this.#options;
    for (;;) {
      const { what, error } = await this.#trouble.promise;
      this.#stands = false;
      if (this.#closing.signal.aborted) return;
      log.warn({ run, epoch: this.#epoch, reason: messageOf(error) }, `${what}, the ring forms again`);
      this.#fail([...this.#running.values()], inHand(error));
      this.#running.clear();
      for (let tries = 1; ; tries++) {
        try {
          if (await this.#formed(tries % TRIES === 0)) break;
        } catch (failure) {
          log.warn({ run, reason: messageOf(failure) }, 'the ring does not form');
          this.#fail(this.#waiting.splice(0), unavailable(failure));
        }
        if (this.#closing.signal.aborted) return;
        await this.#pause(tries);
      }
      log.info({ run, epoch: this.#epoch }, 'the ring stands again');
      this.#advance();
    }
  }

  /** Whether the ring stands; throws, when it does not, on the last try. */
  async #formed(last: boolean): Promise<boolean> {
    this.#trouble = Promise.withResolvers<Trouble>();
    try {
      await this.#formation.form(++this.#epoch);
      this.#stands = true;
      return true;
    } catch (error) {
      if (last || this.#closing.signal.aborted) throw error;
      return false;
    }
  }

  async #pause(tries: number): Promise<void> {
    const { signal } = this.#closing;
    const pause = Math.min(LONGEST_PAUSE_MS, (tries - 1) * PAUSE_MS);
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }

  #advance(): void {
    const { arrangement } = this.#options;
    while (this.#stands && this.#running.size < arrangement.stages) {
      const call = this.#waiting.shift();
      if (!call) return;
      const number = ++this.#calls;
      this.#running.set(number, call);
      const of = { epoch: this.#epoch, call: number };
      dealtQuestion(call.question, arrangement, of).forEach(({ message, floats }, i) => {
        // That a shard is lost is heard from it.
        this.#formation.shards[i]?.tell(message, ...floats).catch(() => undefined);
      });
    }
  }

  #answered(number: number, hourly: number, floats: Float32Array): void {
    const call = this.#running.get(number);
    this.#running.delete(number);
    call?.resolve({ hourly: floats.subarray(0, hourly), quantiles: floats.subarray(hourly) });
    this.#advance();
  }

  #troubled(what: string, error: unknown): void {
    this.#stands = false;
    this.#trouble.resolve({ what, error });
  }

  /** What has begun goes on in all shards or in none: it is dropped, by a new ring, once nobody waits for any of it. */
  #drop(call: Call, reason: unknown): void {
    call.dropped = true;
    call.reject(reason);
    const at = this.#waiting.indexOf(call);
    if (at >= 0) return void this.#waiting.splice(at, 1);
    const running = [...this.#running.values()];
    if (running.includes(call) && running.every(({ dropped }) => dropped))
      this.#troubled('nobody waits for the answer', reason);
  }

  #failAll(error: Error): void {
    this.#fail([...this.#running.values(), ...this.#waiting.splice(0)], error);
    this.#running.clear();
  }

  #fail(calls: readonly Call[], error: Error): void {
    for (const { reject } of calls) reject(error);
  }
}

const ending = () => new ServingProblem('UNAVAILABLE', 'The model is being unloaded.', 1);

const unavailable = (error: unknown) =>
  new ServingProblem('UNAVAILABLE', `The shards of the model cannot be linked: ${messageOf(error)}`, 5);

/** A broken ring is nobody's fault; anything else that fails in a pass would fail again. */
function inHand(error: unknown): ServingProblem {
  return error instanceof RingBrokenError
    ? new ServingProblem('UNAVAILABLE', `The model lost a shard while it answered: ${error.message}`, 1)
    : new ServingProblem('INTERNAL', `A shard of the model failed: ${messageOf(error)}`);
}
