import { globSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UnavailableError } from '../errors.ts';
import { syncPath, writeFileAtomic } from '../lake/atomic-write.ts';
import { withLock } from '../lake/file-lock.ts';
import { makeFolder } from '../lake/make-folder.ts';
import { storageFailure } from '../lake/storage-failure.ts';
import { runProgram } from '../stack/commands.ts';
import {
  buildFolder,
  LIBRARIES,
  MODULES,
  readBuild,
  RECORD,
  tensorflowCache,
  VERSIONS,
  type BuildKind,
  type BuildRecord,
} from './build-place.ts';
import { compileBinding } from './compile.ts';
import { fetchLibraries, fetchPackages } from './fetch.ts';
import { findTools, gib, lastLine } from './tools.ts';

const PROBE = fileURLToPath(new URL('probe.ts', import.meta.url));
const PROBE_SECONDS = 120;
const TICK_MS = 20_000;

export interface BuildOptions {
  kind: BuildKind;
  python?: string;
  signal?: AbortSignal;
  /** Told what goes on. */
  say(line: string): void;
}

export interface Built extends BuildRecord {
  folder: string;
  /** False: it was here already. */
  built: boolean;
  /** What it computes on here: `cpu`, or `gpu:0 NVIDIA H200`. */
  device: string;
}

/** Builds the native binding of TensorFlow.js into the user's cache, unless it is there; tries it either way. */
export async function buildTensorflow(options: BuildOptions): Promise<Built> {
  const { kind, say } = options;
  const folder = buildFolder(kind);
  const there = readBuild(folder);
  if (there) return { ...there, folder, built: false, device: await tryOut(folder) };
  const cache = tensorflowCache();
  await makeFolder(cache);
  return withLock(join(cache, 'build'), 'the cache of TensorFlow builds', async () => {
    await clearLeftovers();
    const meanwhile = readBuild(folder);
    if (meanwhile) return { ...meanwhile, folder, built: false, device: await tryOut(folder) };
    const draft = `${folder}.${process.pid}.tmp`;
    try {
      const record = await buildInto(draft, options);
      const device = await tryOut(draft);
      await writeFileAtomic(join(draft, RECORD), `${JSON.stringify(record, null, 2)}\n`);
      await rename(draft, folder);
      await syncPath(cache);
      say(`${gib(record.bytes)} in ${folder}`);
      return { ...record, folder, built: true, device };
    } catch (error) {
      throw options.signal?.aborted ? options.signal.reason : (storageFailure(error, draft) ?? error);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  });
}

async function buildInto(folder: string, options: BuildOptions): Promise<BuildRecord> {
  const { kind, say, signal } = options;
  const tools = await findTools(kind, options.python);
  const fetching = { tools, kind, folder, signal };
  await makeFolder(folder);
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s so far`;
  const ticking = setInterval(() => say(seconds()), TICK_MS);
  try {
    say(`fetching TensorFlow.js ${VERSIONS.tfjsNode} for Node from npm`);
    await fetchPackages(fetching);
    const nvidia = kind === 'cuda' ? ' and the CUDA libraries it asks for (3 GB more)' : '';
    say(`fetching TensorFlow ${VERSIONS.tensorflow} (0.6 GB, 1.3 GB unpacked)${nvidia} with pip`);
    const libraries = join(folder, LIBRARIES);
    const nvidiaVersions = await fetchLibraries(fetching, libraries);
    say(`compiling the binding (${seconds()})`);
    await compileBinding(tools.compiler, kind, folder, signal);
    await dropWhatOnlyBuilds(folder);
    return {
      kind,
      versions: { ...VERSIONS, ...nvidiaVersions },
      bytes: await sizeOf(folder),
    };
  } finally {
    clearInterval(ticking);
  }
}

/** Loads the build in a process of its own: a library that crashes takes nothing with it. */
async function tryOut(folder: string): Promise<string> {
  const { code, stdout, stderr } = await runProgram(process.execPath, [PROBE, folder], {
    seconds: PROBE_SECONDS,
  });
  if (code === 0) return (JSON.parse(lastLine(stdout)) as { device: string }).device;
  throw new UnavailableError(
    `The build in ${folder} does not compute: ${lastLine(stderr) || 'it ended without a word'}.`,
    `Remove that folder and try again; nothing needs it, WebAssembly computes without it.`,
  );
}

/** What builds that were killed left behind; under the lock nobody else is building. */
async function clearLeftovers(): Promise<void> {
  const cache = tensorflowCache();
  const left = (await readdir(cache)).filter((name) => name.endsWith('.tmp'));
  await Promise.all(left.map((name) => rm(join(cache, name), { recursive: true, force: true })));
}

async function dropWhatOnlyBuilds(folder: string): Promise<void> {
  const unused = [
    'wheels',
    join(LIBRARIES, 'tensorflow', 'include'),
    join(MODULES, 'node-api-headers'),
    ...globSync(`${LIBRARIES}/nvidia/*/include`, { cwd: folder }),
    ...globSync(`${LIBRARIES}/*.dist-info`, { cwd: folder }),
  ];
  await Promise.all(unused.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = files
    .filter((file) => file.isFile())
    .map(async (file) => (await stat(join(file.parentPath, file.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
