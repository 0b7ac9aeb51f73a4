import assert from 'node:assert/strict';
import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import type { LifecycleStatus } from '../../src/contracts/lifecycle.ts';
import { rootFailure } from '../../src/temporal/failures.ts';
import {
  lifecycleStatusQuery,
  promoteSignal,
  promoteUpdate,
  registeredSignal,
  rollbackUpdate,
} from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import { findTemporalCli } from '../../src/stack/temporal-cli.ts';
import { runProgram } from '../../src/stack/commands.ts';
import { FakeStages } from '../support/fake-stages.ts';
import { temporal, withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const ID = workflowIds.model('day-ahead');

const start = (client: Client) =>
  client.workflow.start(WORKFLOWS.modelLifecycle, { workflowId: ID, taskQueue: PIPELINE_QUEUE, args: [] });

/** The status once it has so many events. */
async function statusAfter(client: Client, events: number): Promise<LifecycleStatus> {
  const handle = client.workflow.getHandle(ID);
  await until(async () => (await handle.query(lifecycleStatusQuery)).events.length >= events);
  return handle.query(lifecycleStatusQuery);
}

const signalByCli = async (name: string, input?: string) => {
  const { path } = await findTemporalCli();
  const { address } = await temporal();
  const args = ['workflow', 'signal', '--address', address, '--workflow-id', ID, '--name', name];
  const { code, stderr } = await runProgram(path, [...args, ...(input ? ['--input', input] : [])], {
    seconds: 20,
  });
  assert.equal(code, 0, stderr);
};

describe('modelLifecycleWorkflow', () => {
  it('promotes and rolls back at the command of the Temporal CLI', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2];
    await withWorkers(stages.run, async (client) => {
      await start(client);
      await signalByCli('promote', '{"version":1}');
      await signalByCli('promote', '{"version":2,"by":"ada","reason":"better in winter"}');
      await statusAfter(client, 2);
      assert.deepEqual(stages.champion?.previous, [1]);
      await signalByCli('rollback');
      const status = await statusAfter(client, 3);
      assert.equal(status.champion, 1);
      assert.equal(status.generation, 3);
      assert.deepEqual(
        status.events.map(({ kind, version, previous, by, identity }) => [
          kind,
          version,
          previous,
          by,
          identity,
        ]),
        [
          ['rolled-back', 1, 2, 'unknown', 'claimed'],
          ['promoted', 2, 1, 'ada', 'claimed'],
          ['promoted', 1, null, 'unknown', 'claimed'],
        ],
      );
      assert.deepEqual(
        stages.history.map(({ kind }) => kind),
        ['promoted', 'promoted', 'rolled-back'],
      );
    });
  });

  it('records what it refuses, with the reason, and lives on', async () => {
    const stages = new FakeStages();
    stages.versions = [1];
    await withWorkers(stages.run, async (client) => {
      await start(client);
      await signalByCli('promote', '"two"');
      await signalByCli('promote', '{"version":"2"}');
      await signalByCli('promote');
      await signalByCli('promote', '{"version":7}');
      await signalByCli('rollback', '[1,2]');
      await signalByCli('rollback');
      await signalByCli('registered', '{"version":null}');
      const status = await statusAfter(client, 7);
      assert.equal(status.champion, null);
      const reasons = status.events.map(({ kind, reason }) => `${kind} ${reason}`);
      const expected = [
        /refused registered: version/,
        /refused rollback: There is no earlier champion/,
        /refused rollback: /,
        /refused promote: The model day-ahead has no version 7/,
        /refused promote: version/,
        /refused promote: version/,
        /refused promote: input/,
      ];
      for (const [index, pattern] of expected.entries()) assert.match(reasons[index]!, pattern);
    });
  });

  it('answers updates with the event, or with the reason of the refusal', async () => {
    const stages = new FakeStages();
    stages.versions = [1];
    await withWorkers(stages.run, async (client) => {
      const promoted = await client.workflow.executeUpdateWithStart(promoteUpdate, {
        args: [{ version: 1, by: 'ada' }],
        startWorkflowOperation: new WithStartWorkflowOperation(WORKFLOWS.modelLifecycle, {
          workflowId: ID,
          taskQueue: PIPELINE_QUEUE,
          args: [{ name: 'day-ahead' }],
          workflowIdConflictPolicy: 'USE_EXISTING',
        }),
      });
      assert.deepEqual([promoted.kind, promoted.version, promoted.by], ['promoted', 1, 'ada']);
      const handle = client.workflow.getHandle(ID);
      const reasonOf = async (update: Promise<unknown>) =>
        update.then(
          () => 'accepted',
          (error: unknown) => (rootFailure(error) as Error).message,
        );
      assert.match(
        await reasonOf(handle.executeUpdate(promoteUpdate, { args: [{ version: 1 }] })),
        /champion already/,
      );
      assert.match(
        await reasonOf(handle.executeUpdate(promoteUpdate, { args: [{ version: -1 }] })),
        /version/,
      );
      assert.match(
        await reasonOf(handle.executeUpdate(rollbackUpdate, { args: [{}] })),
        /no earlier champion/,
      );
      assert.equal(stages.champion?.version, 1);
    });
  });

  it('begins from the files: losing the server loses no champion', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2, 3];
    stages.champion = {
      name: 'day-ahead',
      generation: 9,
      version: 2,
      sha256: 'x',
      since: '2018',
      previous: [1],
    };
    await withWorkers(stages.run, async (client) => {
      await start(client);
      const handle = client.workflow.getHandle(ID);
      await until(async () => (await handle.query(lifecycleStatusQuery)).champion === 2);
      const event = await handle.executeUpdate(rollbackUpdate, { args: [{ by: 'ada' }] });
      assert.deepEqual([event.version, event.previous], [1, 2]);
      assert.equal(stages.champion?.generation, 10);
    });
  });

  it('continues as new with nothing lost', async () => {
    const stages = new FakeStages();
    const sent = 60;
    stages.versions = Array.from({ length: sent }, (_, index) => index + 1);
    await withWorkers(stages.run, async (client) => {
      await start(client);
      const handle = client.workflow.getHandle(ID);
      const { runId } = await handle.describe();
      for (let version = 1; version <= sent; version++) await handle.signal(registeredSignal, { version });
      await until(() => stages.history.length === sent);
      assert.notEqual((await handle.describe()).runId, runId, 'its history grows without end');
      await handle.signal(promoteSignal, { version: 5000 });
      await until(() => stages.history.length === sent + 1);
      assert.deepEqual(
        stages.history.map(({ version }) => version),
        [...Array.from({ length: sent }, (_, index) => index + 1), 5000],
      );
    });
  });

  it('gives every update its own answer, whatever signals a continuation carries', async () => {
    const stages = new FakeStages();
    const asked = Array.from({ length: 10 }, (_, i) => 9000 + i);
    stages.versions = [...asked];
    await withWorkers(stages.run, async (client) => {
      await start(client);
      const handle = client.workflow.getHandle(ID);
      const { runId } = await handle.describe();
      const signals = Array.from({ length: 60 }, (_, i) => 500 + i);
      for (const version of signals) await handle.signal(promoteSignal, { version });
      await until(async () => (await handle.describe()).runId !== runId);
      const answers = await Promise.all(
        asked.map((version) => handle.executeUpdate(promoteUpdate, { args: [{ version }] })),
      );
      assert.deepEqual(
        answers.map(({ kind, version }) => [kind, version]),
        asked.map((version) => ['promoted', version]),
      );
      await until(() => stages.history.length === signals.length + asked.length);
      const refused = stages.history.filter(({ kind }) => kind === 'refused');
      assert.deepEqual(
        refused.map(({ version }) => version),
        signals,
      );
    });
  });

  it('keeps the refusal of a request of any size, and lives on', async () => {
    const stages = new FakeStages();
    stages.versions = [1];
    await withWorkers(stages.run, async (client) => {
      await start(client);
      const handle = client.workflow.getHandle(ID);
      const { runId } = await handle.describe();
      const large = 'x'.repeat(150_000);
      const bodies = [
        { version: 1, reason: large },
        { version: 1, by: large },
        { version: 1, [large]: 1 },
      ];
      const sent = 45;
      for (let i = 0; i < sent; i++) await handle.signal('promote', bodies[i % bodies.length]);
      await handle.signal(promoteSignal, { version: 1, by: 'ada' });
      await until(() => stages.history.length === sent + 1);
      assert.notEqual((await handle.describe()).runId, runId);
      assert.equal((await handle.describe()).status.name, 'RUNNING');
      assert.equal(stages.champion?.version, 1);
      const refused = stages.history.slice(0, -1);
      for (const { kind, by, reason, version } of refused) {
        assert.deepEqual([kind, version, by.length <= 120, reason.length <= 500], ['refused', 1, true, true]);
      }
      assert.match(refused[0]!.reason, /promote: reason: /);
    });
  });

  it('believes no announcement of a version that is not there', async () => {
    const stages = new FakeStages();
    stages.versions = [1];
    await withWorkers(stages.run, async (client) => {
      await start(client);
      const handle = client.workflow.getHandle(ID);
      await handle.signal(registeredSignal, { version: 77 });
      stages.versions.push(2);
      await handle.signal(registeredSignal, { version: 2 });
      const status = await statusAfter(client, 2);
      assert.deepEqual(status.versions, [1, 2]);
      assert.deepEqual(
        status.events.map(({ kind, version }) => [kind, version]),
        [
          ['registered', 2],
          ['refused', 77],
        ],
      );
      assert.match(status.events[1]!.reason, /has no version 77/);
    });
  });

  it('refuses a wrong input', async () => {
    await withWorkers(new FakeStages().run, async (client) => {
      const handle = await client.workflow.start(WORKFLOWS.modelLifecycle, {
        workflowId: 'model/Upper Case',
        taskQueue: PIPELINE_QUEUE,
        args: [],
      });
      await assert.rejects(handle.result(), (error) =>
        /lower case/.test((rootFailure(error) as Error).message),
      );
    });
  });
});
