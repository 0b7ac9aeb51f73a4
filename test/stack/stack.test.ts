import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, statSync, symlinkSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../src/config/machine.ts';
import { InUseError, StorageError, UnavailableError } from '../../src/errors.ts';
import type { Home } from '../../src/lake/home.ts';
import { isAlive } from '../../src/stack/process-identity.ts';
import { Stack } from '../../src/stack/stack.ts';
import { readState, runningStack } from '../../src/stack/state.ts';
import { eventually, samplePlan, sampleService, temporaryHome } from './samples.ts';

const never = new AbortController().signal;

describe('stack', () => {
  let home: Home;
  let remove: () => void;

  beforeEach(async () => ({ home, remove } = await temporaryHome()));
  afterEach(() => remove());

  const start = (...services: ReturnType<typeof sampleService>[]) =>
    Stack.start(home, async () => samplePlan(...services), { purpose: 'a test' }, never);

  it('tells other processes what runs, and takes everything away when it stops', async () => {
    const stack = await start(sampleService('one'), sampleService('two'));
    const state = runningStack(home);
    assert.equal(state?.state, 'ready');
    assert.deepEqual(
      state.services.map(({ name, state: now }) => [name, now]),
      [
        ['one', 'ready'],
        ['two', 'ready'],
      ],
    );
    const processes = state.services.map(({ process }) => process!);
    assert.ok(processes.every(isAlive));
    await stack.stop();
    assert.ok(!processes.some(isAlive));
    assert.equal(readState(home), undefined);
  });

  it('refuses a second stack on the same home by the name of what holds it', async () => {
    const stack = await start(sampleService('one'));
    await assert.rejects(start(sampleService('one')), (error: unknown) => {
      assert.ok(error instanceof InUseError);
      assert.match(error.message, /in use by `a test` \(process \d+\)/);
      return true;
    });
    assert.equal(runningStack(home)?.state, 'ready', 'the first one is left alone');
    await stack.stop();
    await (await start(sampleService('one'))).stop();
  });

  it('lets its services write for this user alone', async () => {
    const path = home.path('written');
    const stack = await start(
      sampleService(
        'writer',
        `require('node:fs').writeFileSync(${JSON.stringify(path)}, ''); setInterval(() => {}, 1000);`,
      ),
    );
    await eventually(() => existsSync(path));
    await stack.stop();
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('starts a service that died again, and counts it', async () => {
    const stack = await start(sampleService('mortal'));
    const first = stack.description.services[0]!.process!;
    process.kill(first.pid, 'SIGKILL');
    await eventually(() => stack.description.services[0]!.restarts === 1);
    await eventually(() => stack.description.services[0]!.state === 'ready');
    const second = stack.description.services[0]!.process!;
    assert.notEqual(second.pid, first.pid);
    await stack.stop();
    assert.ok(!isAlive(second));
  });

  it('ends a process that its service left behind when it died', async () => {
    const code = `
      const { spawn } = require('node:child_process');
      console.log(JSON.stringify({ child: spawn('sleep', ['600'], { stdio: 'ignore' }).pid }));
      setInterval(() => {}, 1000);`;
    const stack = await start(sampleService('parent', code));
    const log = home.path('logs', 'parent.log');
    await eventually(() => readFileSync(log, 'utf8').includes('"child"'));
    const child = Number(/"child":(\d+)/.exec(readFileSync(log, 'utf8'))![1]);
    process.kill(stack.description.services[0]!.process!.pid, 'SIGKILL');
    await eventually(() => !exists(child));
    await stack.stop();
  });

  it('stops all and says why when one does not start', async () => {
    await assert.rejects(
      start(sampleService('fine'), {
        ...sampleService('broken'),
        args: ['-e', 'console.error("Error: no such database"); process.exit(3)'],
      }),
      (error: unknown) => {
        assert.ok(error instanceof UnavailableError);
        assert.match(error.message, /broken did not start: Error: no such database/);
        return true;
      },
    );
    assert.equal(runningStack(home), undefined);
    await (await start(sampleService('fine'))).stop();
  });

  it('plans again when a port was taken between its choice and its use, and tells so when that goes on', async () => {
    const archive = join(PROJECT_ROOT, 'src', 'sources', 'archive', 'main.ts');
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const taken = (server.address() as AddressInfo).port;
    const onPort = (port: number) => ({
      ...sampleService('archive'),
      args: [archive, '--port', String(port)],
      untilReady: async (lines: AsyncIterable<string>) => {
        for await (const line of lines) if (line.includes('"url"')) return;
        throw new Error('it ended before it was ready');
      },
    });
    const starting = (ports: number[], said: string[] = []) =>
      Stack.start(
        home,
        async () => samplePlan(onPort(ports.shift()!)),
        { purpose: 'a test', say: (line) => said.push(line) },
        never,
      );
    const said: string[] = [];
    const stack = await starting([taken, 0], said);
    assert.equal(stack.description.state, 'ready');
    assert.match(said.join(), new RegExp(`Port ${taken} on 127.0.0.1 is in use.*trying other ports`));
    await stack.stop();
    const stubborn = `require('node:net').createServer().listen(${taken}, '127.0.0.1')`;
    await assert.rejects(
      start({ ...sampleService('stubborn'), args: ['-e', stubborn] }),
      /stubborn did not start: .*already in use/,
    );
    server.close();
  });

  it('outlives a full disk, and tells its state again when there is room', async () => {
    const stack = await start(sampleService('mortal'));
    const draft = home.path('run', `stack.json.${process.pid}.tmp`);
    // A folder in the draft's place keeps the state from being written, as a full disk does.
    mkdirSync(draft);
    process.kill(stack.description.services[0]!.process!.pid, 'SIGKILL');
    await eventually(() => stack.description.services[0]!.restarts === 1);
    await eventually(() => stack.description.services[0]!.state === 'ready');
    assert.equal(runningStack(home)?.services[0]?.restarts, 0);
    rmdirSync(draft);
    await eventually(() => runningStack(home)?.services[0]?.restarts === 1);
    mkdirSync(draft);
    await stack.stop();
    assert.deepEqual(
      [existsSync(home.path('run', 'stack.json')), existsSync(home.path('run', 'lock.json'))],
      [false, false],
    );
  });

  it('does not start on a full disk: says what to do, and gives the home back', async () => {
    mkdirSync(home.path('run'));
    symlinkSync('/dev/full', home.path('run', `stack.json.${process.pid}.tmp`));
    await assert.rejects(start(sampleService('one')), (error: unknown) => {
      assert.ok(error instanceof StorageError);
      assert.match(error.line, /stack\.json \(ENOSPC\)\. Free some space/);
      return true;
    });
    assert.deepEqual(readdirSync(home.path('run')), []);
  });

  it('starts a service anew that does not answer its health checks', async () => {
    let healthy = true;
    const stack = await start({
      ...sampleService('dumb'),
      isHealthy: async () => healthy,
      healthEveryMs: 20,
    });
    healthy = false;
    await eventually(() => stack.description.services[0]!.restarts >= 1);
    healthy = true;
    await eventually(() => stack.description.services[0]!.state === 'ready');
    await stack.stop();
  });

  it('keeps one log a process, every line of it JSON', async () => {
    const stack = await start(
      sampleService('talker', `console.error('plain words'); console.log('{"msg":"own"}');`),
    );
    const log = home.path('logs', 'talker.log');
    await eventually(() => readFileSync(log, 'utf8').includes('"own"'));
    await eventually(() => readFileSync(log, 'utf8').includes('plain words'));
    await stack.stop();
    const events = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string });
    assert.ok(events.some(({ msg }) => msg === 'own'));
    assert.ok(events.some(({ msg }) => msg === 'plain words'));
  });
});

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z');
  } catch {
    return false;
  }
}
