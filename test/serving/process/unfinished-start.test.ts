import { deepEqual, equal } from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../../support/until.ts';
import { isAlive, servingProcesses } from './serving-processes.ts';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

describe('serve while it starts', () => {
  let folder: string;
  let child: ChildProcess;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ringwatt-unfinished-'));
    // A model whose bytes never come: nobody writes into this pipe.
    await mkdir(join(folder, 'slow', '1'), { recursive: true });
    execFileSync('mkfifo', [join(folder, 'slow', '1', 'saved_model.pb')]);
    const config = `model_config_list { config { name: "slow" base_path: "${folder}/slow" model_platform: "tensorflow" } }`;
    await writeFile(join(folder, 'models.config'), config);
  });
  beforeEach(async () => {
    const flags = ['--port', '0', '--processes', '1', '--home', join(folder, 'home')];
    const config = ['--model-config-file', join(folder, 'models.config')];
    child = spawn(process.execPath, [MAIN, 'serve', ...flags, ...config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until(() => said.includes('loading slow version 1'));
  });
  afterEach(() => void child.kill('SIGKILL'));
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [signal, exitCode] of [
    ['SIGTERM', 0],
    ['SIGKILL', null],
  ] as const) {
    it(`ends at once on ${signal} and leaves nothing behind`, async () => {
      const processes = await servingProcesses(child.pid!);
      equal(processes.length, 1);
      const closed = once(child, 'close');
      child.kill(signal);
      await closed;
      equal(child.exitCode, exitCode);
      await until(() => !processes.some(isAlive));
      deepEqual(processes.filter(isAlive), []);
    });
  }
});
