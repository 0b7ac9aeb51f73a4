import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';

/** Children of a process that answer, by what the system knows of them. */
export async function servingProcesses(parent: number): Promise<number[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  return all.filter((pid) => isAlive(pid) && statOf(pid)?.parent === parent);
}

/** One that has ended and that nobody has asked about yet is not. */
export const isAlive = (pid: number): boolean => (statOf(pid)?.state ?? 'Z') !== 'Z';

function statOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: state!, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
