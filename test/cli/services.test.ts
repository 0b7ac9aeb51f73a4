import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Home } from '../../src/lake/home.ts';
import { isAlive } from '../../src/stack/process-identity.ts';
import { runningStack, type StackState } from '../../src/stack/state.ts';
import { eventually } from '../stack/samples.ts';
import { reasonOf, ringwatt } from './command.ts';

describe('the services, from the command line', function () {
  this.timeout(120_000);
  let root: string;
  before(() => (root = join(mkdtempSync(join(tmpdir(), 'ringwatt-services-')), 'home')));
  after(async () => {
    await ringwatt(['down', '--home', root]);
    rmSync(join(root, '..'), { recursive: true, force: true });
  });

  it('come up, show their health, refuse a second start by name, and go down without a trace', async () => {
    const up = await ringwatt(['up', '--detach', '--slots', '1', '--home', root, '--json']);
    assert.equal(up.code, 0, up.stderr);
    const state = JSON.parse(up.stdout) as StackState;
    const names = state.services.map(({ name }) => name);
    assert.deepEqual(names, ['temporal', 'archive', 'pipeline-worker', 'slot-1', 'watchdog']);
    assert.ok(state.services.every((service) => service.state === 'ready' && isAlive(service.process!)));

    const page = await fetch(state.temporal.uiUrl!);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<html/i);

    const second = await ringwatt(['up', '--home', root]);
    assert.match(reasonOf(second), new RegExp(`in use by \`up\` \\(process ${state.supervisor.pid}\\)`));
    assert.equal(second.code, 1);

    const status = await ringwatt(['status', '--json', '--home', root]);
    assert.equal(status.code, 0, status.stderr);
    const seen = JSON.parse(status.stdout) as {
      temporal: { pollers: number; slots: { queue: string; state: string }[] };
    };
    assert.ok(seen.temporal.pollers > 0, 'the pipeline worker asks for work');
    assert.deepEqual(
      seen.temporal.slots.map((slot) => slot.state),
      ['free'],
    );

    const applied = await ringwatt(['schedules', 'apply', '--json', '--home', root]);
    const { created } = JSON.parse(applied.stdout) as { created: string[] };
    assert.deepEqual(
      created,
      ['retrain', 'ingestion', 'drift', 'forecast'].map((job) => `${job}-day-ahead`),
    );

    const logs = await ringwatt(['logs', 'pipeline-worker', '--json', '--home', root]);
    assert.ok((JSON.parse(logs.stdout) as { lines: object[] }).lines.length > 0);

    const down = await ringwatt(['down', '--home', root]);
    assert.match(down.stdout, /stopped 6 processes/);
    assert.ok(!state.services.some((service) => isAlive(service.process!)));
    assert.ok(!isAlive(state.supervisor));
  });

  it('leave no process behind when their supervisor is killed, and come up on the same data again', async () => {
    const first = await ringwatt(['up', '--detach', '--slots', '1', '--home', root]);
    assert.equal(first.code, 0, first.stderr);
    const state = runningStack(await Home.open(root))!;
    process.kill(state.supervisor.pid, 'SIGKILL');
    await eventually(() => !state.services.some((service) => isAlive(service.process!)));

    const again = await ringwatt(['up', '--detach', '--slots', '1', '--home', root]);
    assert.equal(again.code, 0, again.stderr);
    const schedules = await ringwatt(['schedules', 'list', '--json', '--home', root]);
    const { schedules: kept } = JSON.parse(schedules.stdout) as { schedules: { id: string }[] };
    assert.deepEqual(
      kept.map(({ id }) => id),
      ['drift-day-ahead', 'forecast-day-ahead', 'ingestion-day-ahead', 'retrain-day-ahead'],
    );
    await ringwatt(['down', '--home', root]);
  });
});
