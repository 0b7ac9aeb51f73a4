import { ServingProblem } from '../problem.ts';
import type { TensorMap } from '../tensor.ts';

export interface Answered {
  outputs: TensorMap;
  cached: boolean;
}

interface Answering {
  answer: Promise<Answered>;
  /** Of the caller it is answered for. */
  signal: AbortSignal | undefined;
}

const BUSY_SECONDS = 1;

/** Of equal questions that come at once one is answered, and the others wait for that: so many of a version. */
export class EqualQuestions {
  readonly #most: number;
  readonly #answering = new Map<string, Answering>();
  readonly #waiting = new WeakMap<object, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * `of` is the version. What the first fails with the others are told too, unless its caller has left: then the next
   * one asks.
   * @throws ServingProblem RESOURCE_EXHAUSTED where too many wait
   */
  async answer(
    key: string,
    of: object,
    signal: AbortSignal | undefined,
    ask: () => Promise<Answered>,
  ): Promise<Answered> {
    for (;;) {
      const before = this.#answering.get(key);
      if (!before) return this.#first(key, signal, ask);
      const shared = await this.#wait(before, of);
      if (shared) return { outputs: shared.outputs, cached: true };
    }
  }

  #first(key: string, signal: AbortSignal | undefined, ask: () => Promise<Answered>): Promise<Answered> {
    const answer = ask();
    this.#answering.set(key, { answer, signal });
    // Before those that wait go on.
    const forget = () => void this.#answering.delete(key);
    answer.then(forget, forget);
    return answer;
  }

  async #wait({ answer, signal }: Answering, of: object): Promise<Answered | undefined> {
    const waiting = this.#waiting.get(of) ?? 0;
    if (waiting >= this.#most) {
      throw new ServingProblem(
        'RESOURCE_EXHAUSTED',
        `Too many equal requests wait for this model (${waiting}). Try again later.`,
        BUSY_SECONDS,
      );
    }
    this.#waiting.set(of, waiting + 1);
    try {
      return await answer;
    } catch (error) {
      if (signal?.aborted) return undefined;
      throw error;
    } finally {
      this.#waiting.set(of, this.#waiting.get(of)! - 1);
    }
  }
}
