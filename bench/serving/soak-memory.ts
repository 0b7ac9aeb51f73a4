import { readdirSync, readFileSync } from 'node:fs';
import { median } from '../measure.ts';

export interface Process {
  pid: number;
  command: string;
  residentMb: number;
}

const PAGE_MB = 4096 / 2 ** 20;

/** What `pid` has started, by the kernel's account. */
export function childrenOf(pid: number): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const found = processOf(Number(name));
      return found?.parent === pid ? [found] : [];
    });
}

export const residentMb = (pid: number): number => processOf(pid)?.residentMb ?? Number.NaN;

function processOf(pid: number): (Process & { parent: number }) | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    // The name of a program may hold anything; after its bracket come numbers.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    return { pid, command, parent: Number(fields[1]), residentMb: Number(fields[21]) * PAGE_MB };
  } catch {
    // It ended while it was looked at.
    return undefined;
  }
}

/** Samples of a process's memory, and whether it grows. */
export class Growth {
  readonly #samples: number[] = [];

  add(megabytes: number): void {
    if (Number.isFinite(megabytes)) this.#samples.push(megabytes);
  }

  /** Medians of the second and the last quarter: the first is for filling caches and compiling. */
  get quarters(): { before: number; after: number } {
    const quarter = Math.floor(this.#samples.length / 4);
    const of = (number: number) => median(this.#samples.slice(quarter * number, quarter * (number + 1)));
    return { before: of(1), after: of(3) };
  }
}
