import type { ModelConfig } from '../model-config.ts';
import type { FromServing, ToServing } from './messages.ts';
import { errorOf } from './refusal.ts';

type Reloaded = Extract<ToServing, { kind: 'reloaded' }>;

/** How a process that answers asks its supervisor for what concerns all of them. */
export class SupervisorLink {
  readonly #waiting = new Map<number, (answer: Reloaded) => void>();
  #calls = 0;

  /** An answer to what was asked here. */
  hear(answer: Reloaded): void {
    this.#waiting.get(answer.call)?.(answer);
  }

  /** Loads another list of models in every process. */
  async reload(models: readonly ModelConfig[]): Promise<void> {
    const call = ++this.#calls;
    const { promise, resolve } = Promise.withResolvers<Reloaded>();
    this.#waiting.set(call, resolve);
    tell({ kind: 'askReload', call, models });
    const { refusal } = await promise.finally(() => this.#waiting.delete(call));
    if (refusal) throw errorOf(refusal);
  }
}

/** Who is left alone has nobody to tell. */
export function tell(message: FromServing): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
