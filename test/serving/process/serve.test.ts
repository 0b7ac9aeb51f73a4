import { deepEqual, equal, ok } from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { denseModel, placeVersion } from '../dense.ts';
import { reloadOver } from './reload-over.ts';
import { isAlive, servingProcesses } from './serving-processes.ts';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const PROCESSES = 2;

describe('serve', () => {
  let folder: string;
  let child: ChildProcess;
  let urls: { url: string; restUrl: string; grpc: string };
  let said = '';

  /** The version that answered one row of zeros. */
  const ask = async () => {
    const reply = await fetch(`${urls.restUrl}/v1/models/dense:predict`, {
      method: 'POST',
      body: JSON.stringify({ instances: [[0, 0, 0]] }),
    });
    const answer = (await reply.json()) as { predictions?: number[][] };
    return { status: reply.status, version: answer.predictions?.[0]?.[0] };
  };

  /** Resolves when this process has opened its doors. */
  const answers = async (pid: number) => {
    const line = new RegExp(`"a process answers","pid":${pid}\\b`);
    while (!line.test(said)) await delay(50);
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ringwatt-serve-'));
    for (const version of [1, 2]) {
      await placeVersion(join(folder, 'dense'), version, denseModel({ shift: version }));
    }
    const config = join(folder, 'models.config');
    await writeFile(config, modelsConfig(1));
    const ports = ['--port', '0', '--processes', String(PROCESSES), '--model-config-file', config];
    const flags = [
      ...ports,
      '--requests-per-minute',
      '1000000',
      '--home',
      join(folder, 'home'),
      '--json',
      '--log-level',
      'info',
    ];
    child = spawn(process.execPath, [MAIN, 'serve', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (said += text));
    const lines = createInterface({ input: child.stdout! });
    const [line] = (await Promise.race([once(lines, 'line'), failed(child)])) as [string];
    urls = JSON.parse(line) as typeof urls;
  });
  after(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  const modelsConfig = (version: number) =>
    `model_config_list { config { name: "dense" base_path: "${folder}/dense" model_platform: "tensorflow"
       model_version_policy { specific { versions: ${version} } } version_labels { key: "stable" value: ${version} } } }`;

  it('has said what it loads and how many processes answer, each once, while it started', () => {
    for (const line of ['loading dense version 1', '1 of 2 processes answer', '2 of 2 processes answer']) {
      equal(said.split(line).length, 2, line);
    }
  });

  it('answers on all of its doors, by as many processes as it was told', async () => {
    deepEqual(await ask(), { status: 200, version: 1 });
    const predicted = await fetch(`${urls.url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ data: [[1, 2, 3]], model_name: 'dense' }),
    });
    deepEqual(((await predicted.json()) as { predictions: unknown }).predictions, [[3, 5, 7]]);
    equal((await servingProcesses(child.pid!)).length, PROCESSES);
  });

  it('counts what all processes answered', async () => {
    for (let i = 0; i < 8; i++) await Promise.all([ask(), ask(), ask(), ask()]);
    const text = await (await fetch(`${urls.url}/metrics`)).text();
    const counted = [...text.matchAll(/^ringwatt_serving_calls_total\{door="rest"[^}]*code="OK"\} (\d+)/gm)];
    ok(counted.reduce((sum, [, count]) => sum + Number(count), 0) >= 32, text);
  });

  it('takes another list of models in every process at once, without a failed request', async () => {
    const over = new AbortController();
    const seen: Awaited<ReturnType<typeof ask>>[] = [];
    const callers = Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) seen.push(await ask());
    });
    try {
      for (const version of [2, 1, 2]) await reloadOver(urls.grpc, join(folder, 'dense'), version);
    } finally {
      over.abort();
      await Promise.all(callers);
    }
    deepEqual(
      seen.filter(({ status }) => status !== 200),
      [],
    );
    const after = await Promise.all(Array.from({ length: 8 }, ask));
    ok(
      after.every(({ version }) => version === 2),
      'a process still answers by the list before',
    );
  });

  it('gives a list that comes while a process starts to that process too', async () => {
    const before = await servingProcesses(child.pid!);
    await Promise.all(before.map(answers));
    process.kill(before[0]!, 'SIGKILL');
    let started: number | undefined;
    while (started === undefined) {
      started = (await servingProcesses(child.pid!)).find((pid) => !before.includes(pid));
      await delay(20);
    }
    await reloadOver(urls.grpc, join(folder, 'dense'), 1);
    await answers(started);
    const after = await Promise.all(Array.from({ length: 16 }, ask));
    ok(
      after.every(({ version }) => version === 1),
      'a process that was starting answers by the list before',
    );
    await reloadOver(urls.grpc, join(folder, 'dense'), 2);
  });

  it('goes on when a process is killed, and replaces it with what was last loaded', async () => {
    const before = await servingProcesses(child.pid!);
    let lost = 0;
    const wrong: unknown[] = [];
    const over = new AbortController();
    const callers = Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) {
        // A request that the killed process had in hand is cut off; nothing else may fail.
        const answer = await ask().catch(() => void lost++);
        if (answer && (answer.status !== 200 || answer.version !== 2)) wrong.push(answer);
      }
    });
    process.kill(before[0]!, 'SIGKILL');
    while (!(await servingProcesses(child.pid!)).some((pid) => !before.includes(pid))) await delay(50);
    await delay(1500);
    over.abort();
    await Promise.all(callers);
    deepEqual(wrong, []);
    ok(lost <= callers.length, `${lost} requests were lost`);
    equal((await servingProcesses(child.pid!)).length, PROCESSES);
    deepEqual(await ask(), { status: 200, version: 2 });
  });

  it('is found where it was after all of its processes have ended at once', async () => {
    for (const pid of await servingProcesses(child.pid!)) process.kill(pid, 'SIGKILL');
    let answer: Awaited<ReturnType<typeof ask>> | undefined;
    while (answer === undefined) {
      answer = await ask().catch(() => undefined);
      await delay(50);
    }
    deepEqual(answer, { status: 200, version: 2 });
  });

  it('finishes what it has and leaves nothing behind when it is told to end', async () => {
    const processes = await servingProcesses(child.pid!);
    const closed = once(child, 'close');
    child.kill('SIGINT');
    await closed;
    equal(child.exitCode, 0, said);
    deepEqual(processes.filter(isAlive), []);
  });
});

async function failed(child: ChildProcess): Promise<never> {
  let said = '';
  child.stderr!.on('data', (text: string) => (said += text));
  await once(child, 'close');
  throw new Error(`serve ended: ${said}`);
}
