import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_ROOT, userCacheFolder } from '../config/machine.ts';
import { UnavailableError } from '../errors.ts';
import { commandOnPath, isProgram, runProgram } from './commands.ts';

/** The newest tag that `go install` takes: later ones carry `replace` lines, which it refuses. */
const GO_VERSION = 'v1.5.1';
const GO_PACKAGE = `github.com/temporalio/cli/cmd/temporal@${GO_VERSION}`;

/** The server inside the CLI must know the update and pause calls this project makes. */
const OLDEST_SERVER: readonly [number, number] = [1, 28];

const DOWNLOAD_HOST = 'https://temporal.download/';
const DOWNLOAD_SECONDS = 240;
const BUILD_SECONDS = 900;

export interface TemporalCli {
  path: string;
  /** For a person: `on PATH`, `in the project's cache` … */
  how: string;
}

export interface FindOptions {
  /** Told when something slow begins or goes on. */
  say?: (line: string) => void;
  /** False: look, but bring nothing. */
  install?: boolean;
}

/**
 * Finds the Temporal CLI, which carries the embedded server: on PATH, in the project's cache, in the user's;
 * else brings it into the user's cache, by download or by building it. A second caller waits for nobody: both
 * builds end in the same file.
 */
export async function findTemporalCli({
  say = () => {},
  install = true,
}: FindOptions = {}): Promise<TemporalCli> {
  const onPath = commandOnPath('temporal');
  if (onPath) {
    if (await isNewEnough(onPath)) return { path: onPath, how: 'on PATH' };
    say(`${onPath} is older than server ${OLDEST_SERVER.join('.')}: looking for another one`);
  }
  const cached = [
    { path: join(PROJECT_ROOT, '.cache', 'temporal-cli', 'temporal'), how: "in the project's cache" },
    { path: join(cacheFolder(), 'temporal'), how: "in the user's cache" },
  ].find(({ path }) => isProgram(path));
  if (cached) return cached;
  if (install) {
    const brought = (await download(say)) ?? (await build(say));
    if (brought) return brought;
  }
  throw new UnavailableError(
    'The Temporal CLI is not on this machine.',
    install
      ? `Its download and its build failed: install it (temporal.io/cli) or Go, or set TEMPORAL_ADDRESS to a running server.`
      : 'Run `npm run -s ringwatt -- setup`, or set TEMPORAL_ADDRESS to a running server.',
  );
}

const cacheFolder = () => join(userCacheFolder(), 'temporal-cli');

async function isNewEnough(path: string): Promise<boolean> {
  const { code, stdout } = await runProgram(path, ['--version'], { seconds: 10 });
  const found = /Server (\d+)\.(\d+)/.exec(stdout);
  if (code !== 0 || !found) return false;
  const [major, minor] = [Number(found[1]), Number(found[2])];
  return major > OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor >= OLDEST_SERVER[1]);
}

/** The download that @temporalio/testing knows, in a process of its own so that it can be given up. */
async function download(say: (line: string) => void): Promise<TemporalCli | undefined> {
  try {
    await fetch(DOWNLOAD_HOST, { method: 'HEAD', signal: AbortSignal.timeout(5000) });
  } catch {
    say(`${DOWNLOAD_HOST} cannot be reached: building the Temporal CLI instead`);
    return undefined;
  }
  say('downloading the Temporal CLI');
  return intoCache(async (folder) => {
    const script = join(PROJECT_ROOT, 'src', 'temporal', 'cli-download.ts');
    const { code, stdout, stderr } = await runProgram(process.execPath, [script, folder], {
      seconds: DOWNLOAD_SECONDS,
    });
    if (code === 0) return stdout.trim();
    say(`the download failed: ${lastLine(stderr)}`);
    return undefined;
  }, 'downloaded');
}

async function build(say: (line: string) => void): Promise<TemporalCli | undefined> {
  const go = commandOnPath('go');
  if (!go) {
    say('Go is not on PATH, so the Temporal CLI cannot be built');
    return undefined;
  }
  say(`building the Temporal CLI ${GO_VERSION} with Go: about 3 minutes, once on this machine`);
  const started = Date.now();
  const ticking = setInterval(
    () => say(`building: ${Math.round((Date.now() - started) / 1000)} s so far`),
    20_000,
  );
  return intoCache(async (folder) => {
    const extra = { GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' };
    const { code, stderr } = await runProgram(go, ['install', GO_PACKAGE], { seconds: BUILD_SECONDS, extra });
    if (code === 0) return join(folder, 'temporal');
    say(`the build failed: ${lastLine(stderr)}`);
    return undefined;
  }, `built with Go (${GO_VERSION})`).finally(() => clearInterval(ticking));
}

/** Lets `bring` put a program into a folder of its own, then moves it to its place in one step. */
async function intoCache(
  bring: (folder: string) => Promise<string | undefined>,
  how: string,
): Promise<TemporalCli | undefined> {
  const temporary = `${cacheFolder()}.${process.pid}.tmp`;
  const path = join(cacheFolder(), 'temporal');
  try {
    await mkdir(temporary, { recursive: true });
    await mkdir(cacheFolder(), { recursive: true });
    const brought = await bring(temporary);
    if (brought === undefined || !isProgram(brought)) return undefined;
    await rename(brought, path);
    return { path, how };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? '';
