import { readFile } from 'node:fs/promises';
import type { Home } from '../lake/home.ts';

/** A process that cannot say in this time that it lives is held to be stuck. */
const PATIENCE_MS = 4000;

/** Asks a worker process for its state, at the address that it left in the home. */
export async function isWorkerHealthy(home: Home, name: string): Promise<boolean> {
  const { healthUrl } = JSON.parse(await readFile(home.path('run', `${name}.json`), 'utf8')) as {
    healthUrl: string;
  };
  const reply = await fetch(healthUrl, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const { workers } = (await reply.json()) as { workers: { state: string }[] };
  return workers.every(({ state }) => state === 'RUNNING');
}
