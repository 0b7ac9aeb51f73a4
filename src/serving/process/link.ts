import type { ModelConfig } from '../model-config.ts';
import { ServingProblem } from '../problem.ts';
import type { FromServing, ToServing } from './messages.ts';
import { errorOf } from '../refusal.ts';

type Reloaded = Extract<ToServing, { kind: 'reloaded' }>;

/** How a process that answers asks its supervisor for what concerns all of them. */
export class SupervisorLink {
  readonly #waiting = new Map<number, PromiseWithResolvers<Reloaded>>();
  #calls = 0;

  /** An answer to what was asked here. */
  hear(answer: Reloaded): void {
    this.#waiting.get(answer.call)?.resolve(answer);
  }

  /** The supervisor is gone: what waits for it would keep this process from its end. */
  lose(): void {
    const lost = new ServingProblem('UNAVAILABLE', 'This process is ending.', 1);
    for (const { reject } of this.#waiting.values()) reject(lost);
  }

  /** Loads another list of models in every process. */
  async reload(models: readonly ModelConfig[]): Promise<void> {
    const call = ++this.#calls;
    const waiting = Promise.withResolvers<Reloaded>();
    this.#waiting.set(call, waiting);
    tell({ kind: 'askReload', call, models });
    const { refusal } = await waiting.promise.finally(() => this.#waiting.delete(call));
    if (refusal) throw errorOf(refusal);
  }
}

/** Who is left alone has nobody to tell. */
export function tell(message: FromServing): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
