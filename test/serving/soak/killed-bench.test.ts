import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { identify, isAlive, type ProcessIdentity } from '../../../src/stack/process-identity.ts';
import { until } from '../../support/until.ts';

const PARENT = fileURLToPath(new URL('parent-of-server.ts', import.meta.url));

describe('a benchmark of serving that is killed', () => {
  let started: ProcessIdentity[] = [];
  afterEach(() => {
    for (const each of started.splice(0)) if (isAlive(each)) process.kill(each.pid, 'SIGKILL');
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`leaves no server behind, nor what that has started: ${signal}`, async () => {
      const parent = spawn(process.execPath, [PARENT], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
      started = (JSON.parse(line) as number[]).flatMap((pid) => identify(pid) ?? []);
      assert.equal(started.length, 2);
      parent.kill(signal);
      await once(parent, 'exit');
      await until(() => !started.some(isAlive));
    });
  }
});
