import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InUseError } from '../../src/errors.ts';
import type { Home } from '../../src/lake/home.ts';
import { stopStack } from '../../src/stack/detach.ts';
import { isAlive, identify } from '../../src/stack/process-identity.ts';
import { Stack } from '../../src/stack/stack.ts';
import { readState, runningStack } from '../../src/stack/state.ts';
import { eventually, samplePlan, sampleService, temporaryHome } from './samples.ts';

const SUPERVISOR = fileURLToPath(new URL('./sample-supervisor.ts', import.meta.url));

/** Starts a supervisor of two services in a process of its own. */
async function startElsewhere(root: string) {
  const child = spawn(process.execPath, [SUPERVISOR, root], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

describe('death of a supervisor', () => {
  it('leaves no service behind after kill -9, and gives the home to the next one', async () => {
    const { home, remove } = await temporaryHome();
    const supervisor = await startElsewhere(home.root);
    const services = runningStack(home)!.services.map(({ process }) => process!);
    assert.equal(services.length, 2);
    assert.ok(services.every(isAlive));
    supervisor.kill('SIGKILL');
    await eventually(() => !services.some(isAlive));
    const next = await Stack.start(
      home,
      async () => samplePlan(sampleService('one')),
      { purpose: 'a test' },
      new AbortController().signal,
    );
    assert.equal(runningStack(home)?.supervisor.pid, process.pid);
    await next.stop();
    remove();
  });

  for (const [what, damage] of [
    ['', () => {}],
    [', the state is unreadable', (home: Home) => writeFileSync(home.path('run', 'stack.json'), 'garbage')],
    [', the state is gone', (home: Home) => rmSync(home.path('run'), { recursive: true })],
  ] as const)
    it(`is made good by the next start when its guard was killed too${what}, and hits nobody else`, async () => {
      const { home, remove } = await temporaryHome();
      const supervisor = await startElsewhere(home.root);
      const state = runningStack(home)!;
      const services = state.services.map(({ process }) => process!);
      const bystander = spawn('sleep', ['600'], { stdio: 'ignore' });
      supervisor.kill('SIGSTOP');
      process.kill(state.guard!, 'SIGKILL');
      supervisor.kill('SIGKILL');
      await eventually(() => identify(supervisor.pid!) === undefined);
      assert.ok(services.every(isAlive), 'nobody is left who would end them');
      damage(home);
      const said: string[] = [];
      const next = await Stack.start(
        home,
        async () => samplePlan(sampleService('one')),
        { purpose: 'a test', say: (line) => said.push(line) },
        new AbortController().signal,
      );
      assert.ok(!services.some(isAlive));
      assert.deepEqual(said, ['ended 2 processes that an earlier stack left']);
      assert.ok(identify(bystander.pid!));
      bystander.kill('SIGKILL');
      await next.stop();
      assert.equal(readState(home), undefined);
      remove();
    });

  it('is told from its life by what it started, though no file of the home tells', async () => {
    const { home, remove } = await temporaryHome();
    const supervisor = await startElsewhere(home.root);
    const services = runningStack(home)!.services.map(({ process }) => process!);
    for (const name of ['stack.json', 'lock.json']) writeFileSync(home.path('run', name), 'garbage');
    const second = Stack.start(
      home,
      async () => samplePlan(sampleService('one')),
      { purpose: 'a test' },
      new AbortController().signal,
    );
    await assert.rejects(second, (error: unknown) => {
      assert.ok(error instanceof InUseError);
      assert.match(error.message, new RegExp(`in use by process ${supervisor.pid}`));
      return true;
    });
    assert.ok(services.every(isAlive));
    // The sample does not listen for SIGTERM; its guard ends what it leaves.
    await stopStack(home);
    await eventually(() => !services.some(isAlive));
    assert.equal(identify(supervisor.pid!), undefined);
    remove();
  });
});
