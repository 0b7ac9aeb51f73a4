import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessOptions, type AccessOptions } from '../../src/access/options.ts';
import { openGate } from '../../src/access/gate.ts';
import { Home } from '../../src/lake/home.ts';
import type { Credentials } from '../../src/serving/gate.ts';
import { ServingProblem, type Code } from '../../src/serving/problem.ts';
import type { z } from 'zod';

export const BY = { by: 'alice', reason: 'a test' };
export const LOCALLY: Credentials = { address: '127.0.0.1' };
export const FAR: Credentials = { address: '198.51.100.7' };
/** Behind a proxy that does TLS, so that these tests are about who asks. */
export const OFF_LOOPBACK = { host: '0.0.0.0', insecurePlaintext: true };

const folders: string[] = [];
after(() => Promise.all(folders.map((path) => rm(path, { recursive: true, force: true }))));

export async function newFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'ringwatt-access-'));
  folders.push(path);
  return path;
}

export const newHome = async (): Promise<Home> => Home.open(join(await newFolder(), 'home'));

/** Keeps what is logged, as one would read it. */
export function keptLog() {
  const lines: string[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push(JSON.stringify({ level, message, ...fields }));
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

/** A gate that looks at its files whenever it is asked. */
export function gateOf(home: Home, options: z.input<typeof accessOptions>, log = keptLog().log) {
  return openGate(home, accessOptions.parse(options) as AccessOptions, log, { checkMs: 0 });
}

export const refusedAs = (code: Code, text: RegExp) => (error: unknown) =>
  error instanceof ServingProblem && error.code === code && text.test(error.message);
