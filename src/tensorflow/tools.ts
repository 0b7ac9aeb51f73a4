import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { BadInputError, UnavailableError } from '../errors.ts';
import { makeFolder } from '../lake/make-folder.ts';
import { storageFailure } from '../lake/storage-failure.ts';
import { commandOnPath, isProgram, runProgram } from '../stack/commands.ts';
import { tensorflowCache, type BuildKind } from './build-place.ts';

const GIB = 2 ** 30;
/** While it is built: the wheel (0.6 GB) beside what is unpacked of it (1.3 GB); with CUDA NVIDIA's wheels as well. */
const ROOM: Record<BuildKind, number> = { cpu: 2.5 * GIB, cuda: 9 * GIB };

/** The programs a build needs. */
export interface Tools {
  python: string;
  npm: string;
  compiler: string;
}

/** Everything that can be seen to be missing before anything is fetched. */
export async function findTools(kind: BuildKind, python = 'python3'): Promise<Tools> {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new UnavailableError(
      `The native TensorFlow is built on Linux (x64, arm64); this is ${process.platform}-${process.arch}.`,
      'Nothing needs it: everything works on the WebAssembly backend.',
    );
  }
  const tools = {
    python: program(python, 'Python', 'Install Python 3 with pip, or name one with --python.'),
    npm: program('npm', 'npm', 'Install npm; it comes with Node.'),
    compiler: program('g++', 'g++', 'Install a C++ compiler: g++ or build-essential.'),
  };
  const { code, stderr } = await runProgram(tools.python, ['-m', 'pip', '--version']);
  if (code !== 0) {
    throw new UnavailableError(
      `${tools.python} has no pip: ${lastLine(stderr)}.`,
      'Install it (python3-pip), or name another interpreter with --python.',
    );
  }
  await checkRoom(kind);
  return tools;
}

function program(name: string, what: string, cure: string): string {
  const path = name.includes('/') ? name : commandOnPath(name);
  if (path !== undefined && isProgram(path)) return path;
  if (isAbsolute(name) && existsSync(name)) throw new BadInputError(`${name} is no program.`, cure);
  throw new UnavailableError(`${what} is not here: there is no program "${name}".`, cure);
}

async function checkRoom(kind: BuildKind): Promise<void> {
  const folder = tensorflowCache();
  let free: number;
  try {
    await makeFolder(folder);
    const { bavail, bsize } = await statfs(folder);
    free = bavail * bsize;
  } catch (error) {
    throw storageFailure(error, folder) ?? error;
  }
  if (free < ROOM[kind]) {
    throw new UnavailableError(
      `The build needs ${gib(ROOM[kind])} in ${folder} while it runs, and ${gib(free)} is free.`,
      'Free some space, or set XDG_CACHE_HOME to a folder on another disk.',
    );
  }
}

export const gib = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`;
export const lastLine = (text: string) => text.trim().split('\n').at(-1)?.trim() ?? '';
