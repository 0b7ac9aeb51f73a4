// What the parts of the set-up share. Plain JavaScript for any Node from 18 up.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const CACHE = join(ROOT, '.cache');
export const NODE_MAJOR = 24;

export class SetUpError extends Error {
  constructor(what, cure) {
    super(`${what} ${cure}`);
  }
}

export function say(line) {
  process.stderr.write(`ringwatt: ${line}\n`);
}

/** The environment in which `node` comes first: npm then runs under it and picks the binaries that fit it. */
export function environmentWith(node) {
  const environment = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
  for (const name of Object.keys(environment)) {
    // What an outer `npm run` sets for its own script would mislead an inner npm: another prefix, a silent log.
    if (
      /^npm_(package_|lifecycle_|command$|config_(prefix|local_prefix|global_prefix|loglevel|node_gyp)$)/i.test(
        name,
      )
    ) {
      delete environment[name];
    }
  }
  return environment;
}

/** Runs npm under `node`, saying now and then that it is still at work; shows npm's words only when it fails. */
export async function npm(node, args, { what, cwd = ROOT }) {
  const outer = process.env.npm_execpath;
  const own = outer?.endsWith('npm-cli.js') && exists(outer);
  const [command, first] = own ? [node, [outer]] : ['npm', []];
  const started = Date.now();
  const child = spawn(command, [...first, ...args], {
    cwd,
    env: environmentWith(node),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (words = (words + text).slice(-8000)));
  }
  const passOn = (signal) => child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, passOn);
  const ticking = setInterval(() => say(`${what}: ${seconds(started)} so far`), 15_000);
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (status, signal) => resolve(signal ?? status));
  })
    .catch((error) => {
      throw new SetUpError(
        `npm could not be started (${error.code}).`,
        'Install npm 9 or newer and try again.',
      );
    })
    .finally(() => {
      clearInterval(ticking);
      for (const signal of signals) process.off(signal, passOn);
    });
  if (code !== 0) {
    process.stderr.write(words);
    throw new SetUpError(
      `${what}: npm failed (${code}).`,
      'Check the network and the registry, then try again.',
    );
  }
  say(`${what}: done in ${seconds(started)}`);
}

const seconds = (since) => `${Math.round((Date.now() - since) / 1000)} s`;

/** Lets one set-up work in this folder at a time; another one waits, and a dead one's lock is taken over. */
export async function alone(work) {
  mkdirSync(CACHE, { recursive: true });
  const path = join(CACHE, 'set-up.lock');
  let told = false;
  while (!takeLock(path)) {
    if (!told) say('another set-up is running in this folder: waiting for it');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function takeLock(path) {
  try {
    const handle = openSync(path, 'wx');
    writeSync(handle, String(process.pid));
    closeSync(handle);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') {
      if (isStale(path)) rmSync(path, { force: true });
      return false;
    }
    throw new SetUpError(`Cannot write ${path} (${error.code}).`, 'Give this user the right to write there.');
  }
}

function isStale(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // An empty file is a lock in the moment of being taken, or one whose taker died right then.
    if (!pid) return Date.now() - statSync(path).mtimeMs > 5000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function exists(path) {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
