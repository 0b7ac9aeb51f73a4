import { statfs } from 'node:fs/promises';
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import type { Home } from '../../lake/home.ts';
import { runningStack, type StackState } from '../../stack/state.ts';

export interface MachineState {
  /** Of the file system that holds the home. */
  disk: { freeBytes: number; totalBytes: number };
  memory: { freeBytes: number; totalBytes: number };
  /** Processes that want to run, on average of the last minute. */
  load: number;
  cores: number;
  /** The embedded services of this home; null while none run, as where a cluster of others is used. */
  services:
    (Pick<StackState['services'][number], 'name' | 'state' | 'restarts'> & { pid: number | null })[] | null;
}

export async function machineState(home: Home): Promise<MachineState> {
  const { bavail, bsize, blocks } = await statfs(home.root);
  const services = runningStack(home)?.services ?? null;
  return {
    disk: { freeBytes: bavail * bsize, totalBytes: blocks * bsize },
    memory: { freeBytes: freemem(), totalBytes: totalmem() },
    load: loadavg()[0]!,
    cores: availableParallelism(),
    services:
      services &&
      services.map(({ name, state, restarts, process }) => ({
        name,
        state,
        restarts,
        pid: process?.pid ?? null,
      })),
  };
}
