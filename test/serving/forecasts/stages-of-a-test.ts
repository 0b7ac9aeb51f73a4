import { MissingDataError } from '../../../src/errors.ts';
import type { StageContext } from '../../../src/stages/context.ts';

/** A forecast that does what its model is called. */
export const STAGES = {
  forecast:
    async () =>
    async ({ signal }: StageContext, { name }: { name: string }) => {
      signal.throwIfAborted();
      if (name === 'none') throw new MissingDataError('There is no model none.', 'Name another.');
      if (name === 'dies') process.kill(process.pid, 'SIGKILL');
      // Until it is cancelled; the parent keeps the process.
      if (name === 'hangs') await new Promise((resolve) => signal.addEventListener('abort', resolve));
      if (name === 'slow') await new Promise((resolve) => setTimeout(resolve, 300));
      signal.throwIfAborted();
      return { pid: process.pid };
    },
};
