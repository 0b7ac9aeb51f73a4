import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { toEnvironment, type Config } from '../config/config.ts';
import { PROJECT_ROOT } from '../config/machine.ts';
import { InUseError, UnavailableError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { storageFailure } from '../lake/storage-failure.ts';
import { holderOf } from './home-lock.ts';
import { endLeftovers, unlistedSupervisor } from './leftovers.ts';
import { identify, isAlive, signalGroup, type ProcessIdentity } from './process-identity.ts';
import { readState, runningStack, type StackState } from './state.ts';

/** Starts a stack in a process of its own and waits until it is ready. */
export async function startDetached(
  home: Home,
  config: Config,
  { slots, signal, say }: { slots?: number; signal: AbortSignal; say: (line: string) => void },
): Promise<StackState> {
  const holder = holderOf(home);
  if (holder) {
    throw new InUseError(
      `The home ${home.root} is in use by \`${holder.purpose}\` (process ${holder.pid}).`,
      `Stop it with \`ringwatt down --home ${home.root}\`, or choose another --home.`,
    );
  }
  const said = home.path('run', 'up.out');
  const out = openOutput(said);
  const main = join(PROJECT_ROOT, 'src', 'cli', 'main.ts');
  const flags = slots === undefined ? [] : ['--slots', String(slots)];
  const child = spawn(process.execPath, [main, 'up', '--home', home.root, ...flags], {
    env: toEnvironment({ ...config, home: home.root }),
    stdio: ['ignore', out, out],
    detached: true,
  });
  closeSync(out);
  child.unref();
  let ended = false;
  child.once('exit', () => (ended = true));
  say(`starting the services of ${home.root} in the background`);
  for (;;) {
    if (signal.aborted && child.pid !== undefined) child.kill('SIGTERM');
    const state = readState(home);
    if (state?.supervisor.pid === child.pid && state?.state === 'ready') return state;
    if (ended) {
      signal.throwIfAborted();
      throw new UnavailableError(`The services did not start: ${lastLine(said)}`, '');
    }
    await sleep(100);
  }
}

function openOutput(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, 'w', 0o600);
  } catch (error) {
    throw storageFailure(error, path) ?? error;
  }
}

const STOP_SECONDS = 40;

/** Stops the stack of a home and whatever an earlier one left; the number of processes that were ended. */
export async function stopStack(home: Home): Promise<{ stopped: number; forced: boolean }> {
  const state = runningStack(home);
  const supervisor: ProcessIdentity | undefined =
    state?.supervisor ?? holderOf(home) ?? unlistedSupervisor(home);
  if (!supervisor) return { stopped: await endLeftovers(home), forced: false };
  const count = 1 + (state?.services.filter(({ process }) => process && isAlive(process)).length ?? 0);
  process.kill(supervisor.pid, 'SIGTERM');
  const deadline = Date.now() + STOP_SECONDS * 1000;
  while (isAlive(supervisor) && Date.now() < deadline) await sleep(100);
  const forced = isAlive(supervisor);
  if (forced) {
    signalGroup({ ...supervisor, ...identify(supervisor.pid) }, 'SIGKILL');
    while (isAlive(supervisor)) await sleep(50);
    await endLeftovers(home);
  }
  return { stopped: count, forced };
}

function lastLine(path: string): string {
  return (
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^error: /, '') ?? 'it ended without a word'
  );
}
