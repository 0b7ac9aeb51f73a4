import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { commandFolders, inheritedEnvironment } from '../config/machine.ts';

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The first program of this name on PATH. */
export function commandOnPath(name: string): string | undefined {
  return commandFolders()
    .map((folder) => join(folder, name))
    .find(isProgram);
}

export interface Outcome {
  /** Null when it was ended by a signal or did not start. */
  code: number | null;
  stdout: string;
  /** The last few thousand characters. */
  stderr: string;
}

/** Runs a program to its end without a shell; never throws. `seconds` is how long it may take. */
export function runProgram(
  path: string,
  args: string[],
  {
    seconds = 30,
    extra = {},
    signal,
  }: { seconds?: number; extra?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(path, args, {
      env: inheritedEnvironment(extra),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: seconds * 1000,
      killSignal: 'SIGKILL',
      signal,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4000)));
    child.on('error', (error) => resolve({ code: null, stdout, stderr: stderr || error.message }));
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
