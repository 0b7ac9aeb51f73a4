import { existsSync } from 'node:fs';
import { BadInputError } from '../../src/errors.ts';
import type { StageContext } from '../../src/stages/context.ts';

/** Stages that a test's child process runs instead of the project's. */
export const STAGES = {
  double:
    async () =>
    async (context: StageContext, { value }: { value: number }) => {
      context.progress({ stage: 'double', done: 1, total: 2, unit: 'halves' });
      context.log.info({ value }, 'doubling');
      return { value: value * 2, pid: process.pid, home: existsSync(context.home.root) };
    },
  refuse: async () => async () => {
    throw new BadInputError('The value is odd.', 'Give an even one.');
  },
  crash: async () => async () => process.kill(process.pid, 'SIGKILL'),
  wait: async () => (context: StageContext) =>
    new Promise((_resolve, reject) => {
      context.progress({ stage: 'wait', done: process.pid, total: 0, unit: 'pid' });
      context.signal.addEventListener('abort', () => reject(new Error('it stopped at a safe point')));
      setInterval(() => {}, 1000);
    }),
  /** Computes without ever looking up. */
  deaf: async () => async (context: StageContext) => {
    context.progress({ stage: 'deaf', done: process.pid, total: 0, unit: 'pid' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (;;);
  },
};
