import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Home } from '../lake/home.ts';
import { storageFailure } from '../lake/storage-failure.ts';
import { isAlive } from './process-identity.ts';

const identity = z.strictObject({ pid: z.number().int(), started: z.string() });

/** `<home>/run/stack.json`: what runs on this home and where; other processes find the stack by it. */
export const stackState = z.strictObject({
  formatVersion: z.literal(1),
  state: z.enum(['starting', 'ready', 'stopping']),
  supervisor: identity,
  guard: z.number().int().nullable(),
  since: z.string(),
  temporal: z.strictObject({ address: z.string(), namespace: z.string(), uiUrl: z.string().nullable() }),
  archiveUrl: z.string().nullable(),
  services: z.array(
    z.strictObject({
      name: z.string(),
      state: z.enum(['starting', 'ready', 'unhealthy', 'restarting', 'stopped']),
      process: identity.nullable(),
      restarts: z.number().int(),
    }),
  ),
});
export type StackState = z.infer<typeof stackState>;

const path = (home: Home) => home.path('run', 'stack.json');

/** Written often and read by people: replaced whole, but not synced. A StorageError when the disk does not take it. */
export function writeState(home: Home, state: StackState): void {
  const temporary = `${path(home)}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    renameSync(temporary, path(home));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw storageFailure(error, path(home)) ?? error;
  }
}

export function removeState(home: Home): void {
  rmSync(path(home), { force: true });
}

/** What the home's last stack wrote, whether it still runs or not. */
export function readState(home: Home): StackState | undefined {
  try {
    const parsed = stackState.safeParse(JSON.parse(readFileSync(path(home), 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The stack that runs on the home now. */
export function runningStack(home: Home): StackState | undefined {
  const state = readState(home);
  return state && isAlive(state.supervisor) ? state : undefined;
}
