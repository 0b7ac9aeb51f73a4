import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process, told apart from a later one that got the same number. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in the system's own words; only good for comparing. */
  started: string;
}

/** Undefined when no such process lives (a zombie does not). */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = process.platform === 'linux' ? startOnLinux(pid) : startFromPs(pid);
  return started === undefined ? undefined : { pid, started };
}

export const ownIdentity = () => identify(process.pid) ?? { pid: process.pid, started: 'unknown' };

export function isAlive({ pid, started }: ProcessIdentity): boolean {
  return identify(pid)?.started === started;
}

/** Whether somebody has stopped the process (SIGSTOP, a debugger): it lives, and does nothing. */
export function isStopped(pid: number): boolean {
  return process.platform === 'linux'
    ? /^[Tt]/.test(statOnLinux(pid)?.[0] ?? '')
    : saidByPs(pid).startsWith('T');
}

/** Sends a signal to the process group that the process leads, if it is still the one meant. */
export function signalGroup(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  return send(-identity.pid, signal) || send(identity.pid, signal);
}

function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal);
  } catch {
    return false;
  }
}

/** Fields 3 (state) and following of `/proc/<pid>/stat`. */
function statOnLinux(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function startOnLinux(pid: number): string | undefined {
  const fields = statOnLinux(pid);
  // Field 22 is the start time in ticks.
  return fields === undefined || fields[0] === 'Z' || fields[0] === 'X'
    ? undefined
    : `${bootId()}/${fields[19]}`;
}

/** Ticks count from the boot: after another boot the same number means another process. */
function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
}

function startFromPs(pid: number): string | undefined {
  const said = saidByPs(pid);
  return said === '' || said.startsWith('Z') ? undefined : said.replace(/^\S+\s+/, '');
}

/** State and start; empty when no such process is there. */
function saidByPs(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}
