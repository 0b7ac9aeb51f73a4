import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { InUseError } from '../errors.ts';
import { sha256 } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { identify, isAlive, ownIdentity, signalGroup, type ProcessIdentity } from './process-identity.ts';
import { readState, removeState, runningStack } from './state.ts';

/** In the environment of all that a stack starts: `HOME.PID.STARTED`, a hash of its home and its supervisor. */
const MARK = 'RINGWATT_STACK';
const MARK_IN_TEXT = new RegExp(`(?:^|[\\0 ])${MARK}=([0-9a-f]{64})\\.(\\d+)\\.([^\\s\\0]+)`);
const GONE_SECONDS = 10;

interface Marked {
  process: ProcessIdentity;
  supervisor: ProcessIdentity;
}

/** By this a process is known for a home's, and its supervisor found, whatever became of the files that name them. */
export function markOf(home: Home): Record<string, string> {
  const { pid, started } = ownIdentity();
  return { [MARK]: `${hashOf(home)}.${pid}.${encodeURIComponent(started)}` };
}

/** The supervisor of what runs on the home, when only its processes still tell. */
export function unlistedSupervisor(home: Home): ProcessIdentity | undefined {
  return markedProcesses(home).find(({ supervisor }) => supervisor.pid !== process.pid && isAlive(supervisor))
    ?.supervisor;
}

/**
 * Ends what a stack left that was killed together with its guard, and waits until it is gone: two Temporal servers
 * would open the same database and neither refuse. Each process is known by number and start, so that nothing else
 * is hit. Refuses when the stack is not dead at all.
 */
export async function endLeftovers(home: Home): Promise<number> {
  const living = runningStack(home)?.supervisor ?? unlistedSupervisor(home);
  if (living) {
    throw new InUseError(
      `The home ${home.root} is in use by process ${living.pid}, though its lock does not say so.`,
      `Stop it with \`ringwatt down --home ${home.root}\`, or choose another --home.`,
    );
  }
  const listed = (readState(home)?.services ?? []).flatMap(({ process }) => process ?? []);
  const found = [...listed, ...markedProcesses(home).map(({ process }) => process)];
  const left = [...new Map(found.map((identity) => [identity.pid, identity])).values()].filter(isAlive);
  for (const identity of left) signalGroup(identity, 'SIGKILL');
  for (let waited = 0; left.some(isAlive) && waited < GONE_SECONDS * 1000; waited += 50) await sleep(50);
  const stays = left.find(isAlive);
  if (stays) {
    throw new InUseError(
      `Process ${stays.pid}, which an earlier stack of ${home.root} left, does not end.`,
      `End it with \`kill -9 ${stays.pid}\`, or choose another --home.`,
    );
  }
  removeState(home);
  return left.length;
}

function markedProcesses(home: Home): Marked[] {
  const hash = hashOf(home);
  const environments = process.platform === 'linux' ? environmentsOnLinux() : environmentsFromPs();
  return environments.flatMap(([number, text]) => {
    const [, of, pid, started] = MARK_IN_TEXT.exec(text) ?? [];
    const identity = of === hash ? identify(number) : undefined;
    if (!identity || pid === undefined || started === undefined) return [];
    return [{ process: identity, supervisor: { pid: Number(pid), started: decodeURIComponent(started) } }];
  });
}

/** One home may be known by several paths. */
const hashOf = (home: Home) => sha256(realpathSync(home.root));

function environmentsOnLinux(): [pid: number, environment: string][] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return [[Number(name), readFileSync(`/proc/${name}/environ`, 'utf8')] as [number, string]];
    } catch {
      // It ended, or is another user's and so none of this home.
      return [];
    }
  });
}

function environmentsFromPs(): [pid: number, environment: string][] {
  const lines = execFileSync('ps', ['axeww', '-o', 'pid=,command='], {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  }).split('\n');
  return lines.flatMap((line) => {
    const [, pid, rest] = /^\s*(\d+)\s(.*)$/.exec(line) ?? [];
    return pid === undefined || rest === undefined ? [] : [[Number(pid), rest] as [number, string]];
  });
}
