import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadPlan, LoadResult } from './load-plan.ts';

/** A load client in a process of its own. Warm between turns; while it waits it takes nothing. */
export class Load {
  readonly #child: ChildProcess = fork(fileURLToPath(new URL('load-client.ts', import.meta.url)), {
    serialization: 'advanced',
  });

  async run(plan: LoadPlan): Promise<LoadResult> {
    this.#child.send(plan);
    const over = new AbortController();
    const { signal } = over;
    const ended = once(this.#child, 'exit', { signal }).then(() => [{ error: 'it ended' }]);
    const answered = once(this.#child, 'message', { signal });
    const [answer] = (await Promise.race([answered, ended])) as [LoadResult | { error: string }];
    over.abort();
    await Promise.allSettled([ended, answered]);
    if ('error' in answer) throw new Error(`The load client failed: ${answer.error}`);
    return answer;
  }

  close(): void {
    this.#child.kill();
  }
}
