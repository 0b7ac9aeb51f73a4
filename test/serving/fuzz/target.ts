import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createApiKey } from '../../../src/access/key-file.ts';
import { GraphBuilder } from '../../../src/export/graph-builder.ts';
import { BATCH } from '../../../src/export/graph.ts';
import { encodeSavedModel } from '../../../src/export/saved-model.ts';
import { Home } from '../../../src/lake/home.ts';
import type { Target } from './case.ts';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const BODY_MB = 8;

/** `ringwatt serve` in processes of its own, as people run it, before a model that answers y = 2x + 1. */
export interface ServedTarget extends AsyncDisposable {
  target: Target;
  home: Home;
  /** The folder of its model's versions. */
  model: string;
  /** Memory (bytes) and open files and connections of all its processes; undefined where the system does not tell. */
  held(): { bytes: number; files: number } | undefined;
  /** Processes that answer now, by id. */
  processes(): number[];
  /** What it said last, once it has ended by itself. */
  ended(): string | undefined;
  /** Everything that it has written: to its terminal, its logs, the log of calls and the audit. */
  written(): Promise<string>;
}

export async function startTarget(): Promise<ServedTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'ringwatt-fuzz-'));
  const home = await Home.open(join(folder, 'home'));
  const { key } = await createApiKey(home, { name: 'fuzz', role: 'admin' }, { by: 'fuzz', reason: 'a test' });
  const config = await writeModel(folder);
  const flags = ['--host', '127.0.0.1', '--port', '0', '--processes', '1', '--model-config-file', config];
  const limits = ['--max-body-mb', String(BODY_MB), '--requests-per-minute', '1000000', '--burst', '1000000'];
  const args = [MAIN, 'serve', ...flags, ...limits, '--home', home.root, '--json', '--log-level', 'info'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const line = await firstLine(child, () => said);
  const { url, restUrl, grpc } = JSON.parse(line) as { url: string; restUrl: string; grpc: string };
  const target = { http: url, rest: restUrl, grpc, apiKey: key, bodyBytes: BODY_MB * 2 ** 20 };
  return {
    ...{ target, home, model: join(folder, 'line') },
    held: () => heldBy(familyOf(child.pid!)),
    processes: () => familyOf(child.pid!),
    ended: () =>
      child.exitCode === null && child.signalCode === null
        ? undefined
        : `${said.slice(-4000)} (${child.exitCode ?? child.signalCode})`,
    async written() {
      return `${said}\n${await textsUnder(home.root)}`;
    },
    async [Symbol.asyncDispose]() {
      const closed = child.exitCode === null ? once(child, 'close') : Promise.resolve();
      child.kill('SIGTERM');
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function writeModel(folder: string): Promise<string> {
  const graph = new GraphBuilder();
  const port = { axes: ['row', 'value'], unit: '', about: 'two numbers' };
  const x = graph.input({ name: 'x', dtype: 'float32', shape: [BATCH, 2], ...port });
  graph.output({ name: 'y', ...port }, graph.add(graph.multiply(x, 2), 1));
  const version = join(folder, 'line', '1');
  await mkdir(version, { recursive: true });
  await writeFile(join(version, 'saved_model.pb'), encodeSavedModel(graph.build()));
  const config = join(folder, 'models.config');
  const base = JSON.stringify(join(folder, 'line'));
  await writeFile(config, `model_config_list { config { name: "line" base_path: ${base} model_platform: "tensorflow" } }\n`); // prettier-ignore
  return config;
}

async function firstLine(child: ChildProcess, said: () => string): Promise<string> {
  const lines = createInterface({ input: child.stdout! });
  const gone = once(child, 'close').then(() => undefined);
  const [line] = (await Promise.race([once(lines, 'line'), gone.then(() => [])])) as string[];
  if (line === undefined) throw new Error(`serve has ended: ${said()}`);
  child.stdout!.resume();
  return line;
}

/** A process and those that it has started, and they. */
function familyOf(pid: number): number[] {
  if (process.platform !== 'linux') return [pid];
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // The name of the program may hold anything, a bracket too: the fields begin behind the last one.
    const fields = readSafely(`/proc/${name}/stat`)?.split(') ').at(-1)?.split(' ');
    if (fields) parents.set(Number(name), Number(fields[1]));
  }
  const isOurs = (each: number): boolean => each === pid || (parents.has(each) && isOurs(parents.get(each)!));
  return [...parents.keys()].filter(isOurs);
}

function heldBy(pids: readonly number[]) {
  if (process.platform !== 'linux') return undefined;
  let [bytes, files] = [0, 0];
  for (const pid of pids) {
    bytes += Number(/^VmRSS:\s+(\d+) kB/m.exec(readSafely(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) * 1024;
    try {
      files += readdirSync(`/proc/${pid}/fd`).length;
    } catch {
      // Ended between the two looks.
    }
  }
  return { bytes, files };
}

function readSafely(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

async function textsUnder(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((each) => each.isFile() && /\.(log|jsonl)$/.test(each.name));
  return (await Promise.all(files.map((each) => readFile(join(each.parentPath, each.name), 'utf8')))).join(
    '\n',
  );
}
