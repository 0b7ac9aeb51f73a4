import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { PROJECT_ROOT } from '../../config/machine.ts';
import { messageOf } from '../../errors.ts';
import { commandOnPath, runProgram } from '../../stack/commands.ts';
import { freePort } from '../../stack/ports.ts';
import { findTemporalCli } from '../../stack/temporal-cli.ts';
import type { Check } from './check.ts';

const GIB = 2 ** 30;
/** The main job leaves about 1 GB in a home. */
const DISK_WANTED = 3 * GIB;

export const checkNode: Check = async () => ({
  what: 'Node',
  verdict: Number(process.versions.node.split('.')[0]) >= 24 ? 'ok' : 'fail',
  detail: `${process.versions.node} on ${process.platform}-${process.arch}`,
  cure: 'Run through npm (`npm run -s ringwatt -- …`): it brings Node 24.',
});

export const checkPackages: Check = async () => {
  const lock = createHash('sha256')
    .update(readFileSync(join(PROJECT_ROOT, 'package-lock.json')))
    .digest('hex');
  const stamp = join(PROJECT_ROOT, 'node_modules', '.ringwatt-stamp');
  const found = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  const current = found.startsWith(lock);
  return {
    what: 'npm packages',
    verdict: current ? 'ok' : 'warn',
    detail: current ? 'as the lock file names them' : 'not installed by the set-up from this lock file',
    cure: 'Run `npm run -s ringwatt -- setup`: it runs `npm ci`.',
  };
};

export const checkTemporalCli: Check = async (config) => {
  const what = 'Temporal';
  if (config.temporalAddress !== undefined) {
    return { what, verdict: 'ok', detail: `the server at ${config.temporalAddress} is used` };
  }
  try {
    const { path, how } = await findTemporalCli({ install: false });
    const { code, stdout } = await runProgram(path, ['--version'], { seconds: 10 });
    return code === 0
      ? { what, verdict: 'ok', detail: `${stdout.trim()}, ${how}: ${path}` }
      : { what, verdict: 'fail', detail: `${path} does not run`, cure: `Delete it and run \`setup\`.` };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return {
      what,
      verdict: 'warn',
      detail,
      cure: 'Run `setup` to bring it now, or set TEMPORAL_ADDRESS to a running server.',
    };
  }
};

export const checkPorts: Check = async () => {
  try {
    await freePort();
    return { what: 'ports', verdict: 'ok', detail: 'this process may listen on the loopback interface' };
  } catch (error) {
    return {
      what: 'ports',
      verdict: 'fail',
      detail: messageOf(error),
      cure: 'Let this user listen on 127.0.0.1: the services talk over it.',
    };
  }
};

export const checkDisk: Check = async (config) => {
  let folder = resolve(config.home);
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  return {
    what: 'disk',
    verdict: free >= DISK_WANTED ? 'ok' : 'warn',
    detail: `${(free / GIB).toFixed(1)} GiB free at ${folder}`,
    cure: 'Free some space, run `gc`, or choose another --home.',
  };
};

export const checkMachine: Check = async () => ({
  what: 'machine',
  verdict: totalmem() >= 4 * GIB ? 'ok' : 'warn',
  detail: `${availableParallelism()} cores, ${(totalmem() / GIB).toFixed(1)} GiB memory, ${(freemem() / GIB).toFixed(1)} free`,
  cure: 'Use fewer slots and shorter sequences: the main job was made for 4 GiB and 2 cores.',
});

/** Not needed: it builds the Temporal CLI where that cannot be downloaded. */
export const checkGo: Check = async () => ({
  what: 'go',
  verdict: 'ok',
  detail:
    commandOnPath('go') ?? 'not on PATH; only wanted to build the Temporal CLI where it cannot be downloaded',
});
