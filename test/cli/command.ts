import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command line in a process of its own, as a person does, without this machine's own settings. */
export function ringwatt(args: string[], environment: Record<string, string> = {}): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(RINGWATT_|TEMPORAL_|EIA_)/.test(name));
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

/** The reason, which must be the one line that begins with `error: `. */
export function reasonOf({ stderr }: Ended): string {
  const lines = stderr.split('\n').filter((line) => line.startsWith('error: '));
  return lines.length === 1
    ? lines[0]!.slice('error: '.length)
    : `not one reason but ${lines.length}: ${stderr}`;
}
