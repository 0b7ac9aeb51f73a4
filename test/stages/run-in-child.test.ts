import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/config.ts';
import { BadInputError, UnavailableError } from '../../src/errors.ts';
import { silentLogger, type StageProgress } from '../../src/stages/context.ts';
import { runInChild } from '../../src/stages/run-in-child.ts';
import type { ChildRun } from '../../src/stages/stage-process.ts';
import { WarmProcesses } from '../../src/stages/warm-processes.ts';
import { until } from '../support/until.ts';

const TABLE = new URL('./table-for-tests.ts', import.meta.url);

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a stage in a process of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringwatt-child-'));
  const config = loadConfig({ home: folder }, { environment: {} });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const runOf = (stage: string, rest: Partial<ChildRun> = {}): ChildRun => ({
    stage,
    input: {},
    config,
    signal: new AbortController().signal,
    progress: () => {},
    log: silentLogger,
    table: TABLE,
    ...rest,
  });

  it('takes the input, tells its progress and what it logs, and hands back the result', async () => {
    const told: StageProgress[] = [];
    const logged: unknown[] = [];
    const log = {
      ...silentLogger,
      info: (fields: object, message: string) => void logged.push([fields, message]),
    };
    const run = runOf('double', { input: { value: 21 }, progress: (update) => void told.push(update), log });
    const result = (await runInChild(run)) as { value: number; pid: number; home: boolean };
    assert.equal(result.value, 42);
    assert.equal(result.home, true);
    assert.notEqual(result.pid, process.pid);
    assert.deepEqual(told, [{ stage: 'double', done: 1, total: 2, unit: 'halves' }]);
    assert.deepEqual(logged, [[{ stage: 'double', value: 21 }, 'doubling']]);
  });

  it('throws the typed error that the stage threw', async () => {
    await assert.rejects(runInChild(runOf('refuse')), (error) => {
      assert.ok(error instanceof BadInputError);
      assert.equal(error.line, 'The value is odd. Give an even one.');
      assert.equal(error.retryable, false);
      return true;
    });
  });

  it('can be tried again when the process was killed from outside', async () => {
    await assert.rejects(runInChild(runOf('crash')), (error) => {
      assert.ok(error instanceof UnavailableError);
      assert.match(error.message, /crash.*SIGKILL/);
      assert.equal(error.retryable, true);
      return true;
    });
  });

  it('names a stage that does not exist', async () => {
    await assert.rejects(runInChild(runOf('polish')), /no stage polish/);
  });

  for (const [stage, how] of [
    ['wait', 'which stops at a safe point'],
    ['deaf', 'which never looks up'],
  ] as const) {
    it(`ends with its cancellation: a stage ${how}`, async () => {
      const abort = new AbortController();
      let pid = 0;
      const running = runInChild(
        runOf(stage, { signal: abort.signal, progress: ({ done }) => (pid = done) }),
      );
      running.catch(() => {});
      await until(() => pid > 0);
      abort.abort(new Error('enough'));
      await assert.rejects(running);
      assert.equal(isAlive(pid), false);
    });
  }

  it('does not outlive its parent', async () => {
    const script = `
      const { runInChild } = await import(${JSON.stringify(new URL('../../src/stages/run-in-child.ts', import.meta.url).href)});
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      await runInChild({ stage: 'wait', input: {}, config: ${JSON.stringify(config)}, signal: new AbortController().signal,
        progress: ({ done }) => process.stdout.write(done + '\\n'), log, table: new URL(${JSON.stringify(TABLE.href)}) });`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    assert.equal(isAlive(pid), true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });

  describe('that is kept warm', () => {
    const pidOf = async (warm: WarmProcesses, value = 1) =>
      ((await warm.run(runOf('double', { input: { value } }))) as { pid: number }).pid;

    it('runs the next stage too, one at a time, and ends when it is no longer wanted', async () => {
      const warm = new WarmProcesses();
      const first = await pidOf(warm);
      assert.equal(await pidOf(warm), first);
      const both = await Promise.all([pidOf(warm), pidOf(warm)]);
      assert.equal(new Set(both).size, 2);
      assert.ok(both.includes(first));
      await warm.close();
      assert.deepEqual(both.map(isAlive), [false, false]);
    });

    it('outlives a stage that refuses, and no cancelled one and no crash', async () => {
      const warm = new WarmProcesses();
      const first = await pidOf(warm);
      await assert.rejects(warm.run(runOf('refuse')), BadInputError);
      assert.equal(await pidOf(warm), first);
      await assert.rejects(warm.run(runOf('crash')), UnavailableError);
      const second = await pidOf(warm);
      assert.notEqual(second, first);
      const abort = new AbortController();
      let pid = 0;
      const waiting = warm.run(runOf('wait', { signal: abort.signal, progress: ({ done }) => (pid = done) }));
      waiting.catch(() => {});
      await until(() => pid > 0);
      assert.equal(pid, second);
      abort.abort(new Error('enough'));
      await assert.rejects(waiting, /safe point/);
      assert.equal(isAlive(second), false);
      assert.notEqual(await pidOf(warm), second);
      await warm.close();
    });

    it('is given up after a while, and when it was killed while it waited', async () => {
      const warm = new WarmProcesses({ keptMs: 50 });
      const first = await pidOf(warm);
      await until(() => !isAlive(first));
      const patient = new WarmProcesses();
      const second = await pidOf(patient);
      process.kill(second, 'SIGKILL');
      await until(() => !isAlive(second));
      assert.notEqual(await pidOf(patient), second);
      await patient.close();
    });
  });
});
