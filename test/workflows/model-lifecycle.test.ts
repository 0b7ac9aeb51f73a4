import assert from 'node:assert/strict';
import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import type { LifecycleStatus } from '../../src/contracts/lifecycle.ts';
import { rootFailure } from '../../src/temporal/failures.ts';
import {
  canaryUpdate,
  endCanaryUpdate,
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
    seconds: 60,
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
      // An event is in the status before it is written down.
      await until(() => stages.history.length === 3);
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
    const sent = 40;
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

  it('tells of the champion after whom it continues as new', async () => {
    const stages = new FakeStages();
    const promotions = 30;
    stages.versions = [1, 2];
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client);
      const { runId } = await handle.describe();
      for (let i = 0; i < promotions; i++) await handle.signal(promoteSignal, { version: 1 + (i % 2) });
      await until(() => stages.history.length === promotions);
      const { events } = await client.workflow.getHandle(ID, runId).fetchHistory();
      // What it began to tell and did not wait for is told to nobody: the server drops it with the run.
      const begun = events!.filter((event) => event.signalExternalWorkflowExecutionInitiatedEventAttributes);
      const ended = events!.filter((event) => event.signalExternalWorkflowExecutionFailedEventAttributes);
      assert.ok(events!.at(-1)!.workflowExecutionContinuedAsNewEventAttributes);
      assert.equal(ended.length, begun.length);
    });
  });

  it('starts, changes and ends a canary beside the champion, and refuses one that cannot be', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2, 3];
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client);
      const canary = (request: object) => handle.executeUpdate(canaryUpdate, { args: [request] });
      const reasonOf = async (update: Promise<unknown>) =>
        update.then(
          () => 'accepted',
          (error: unknown) => (rootFailure(error) as Error).message,
        );
      const refusals: [object, RegExp][] = [
        [{ version: 2, share: 0 }, /share/],
        [{ version: 2, share: 1.5 }, /share/],
        [{ version: 2 }, /share/],
        [{ version: '2', share: 0.1 }, /version/],
        [{ version: 2, share: 0.1 }, /no champion beside which/],
      ];
      for (const [request, reason] of refusals) assert.match(await reasonOf(canary(request)), reason);
      await handle.executeUpdate(promoteUpdate, { args: [{ version: 1 }] });
      assert.match(await reasonOf(canary({ version: 1, share: 0.1 })), /is champion: it answers already/);
      assert.match(await reasonOf(canary({ version: 9, share: 0.1 })), /no version 9/);
      assert.match(await reasonOf(handle.executeUpdate(endCanaryUpdate, { args: [{}] })), /no canary to end/);
      assert.equal(stages.canary, null);

      const event = await canary({ version: 2, share: 0.1, by: 'ada', from: 'cli' });
      assert.deepEqual(
        [event.kind, event.version, event.share, event.from],
        ['canary-started', 2, 0.1, 'cli'],
      );
      const first = stages.canary!.canary!;
      assert.equal(first.sha256, '2'.repeat(64));
      assert.match(await reasonOf(canary({ version: 2, share: 0.1 })), /with that share already/);
      await canary({ version: 2, share: 0.3 });
      assert.deepEqual(stages.canary!.canary, { ...first, share: 0.3 });
      const { canary: shown } = await handle.query(lifecycleStatusQuery);
      assert.deepEqual([shown!.version, shown!.share], [2, 0.3]);
      await canary({ version: 3, share: 0.3 });
      assert.notEqual(stages.canary!.canary!.generation, first.generation);

      await signalByCli('endCanary', '{"by":"bob"}');
      await until(() => stages.canary!.canary === null);
      await signalByCli('canary', '{"version":3,"share":0.2}');
      await until(() => stages.canary!.canary?.version === 3);
      await handle.executeUpdate(promoteUpdate, { args: [{ version: 3, by: 'ada', reason: 'it held' }] });
      assert.equal(stages.canary!.canary, null);
      const { events, canary: over } = await handle.query(lifecycleStatusQuery);
      assert.equal(over, null);
      assert.deepEqual(
        events.slice(0, 3).map(({ kind, version, by, reason }) => [kind, version, by, reason]),
        [
          ['canary-ended', 3, 'ada', 'Version 3 was promoted.'],
          ['promoted', 3, 'ada', 'it held'],
          ['canary-started', 3, 'unknown', ''],
        ],
      );
    });
  });

  it('tells the audit of everything that happened and was refused, by which door it came', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2];
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client);
      await handle.executeUpdate(promoteUpdate, { args: [{ version: 1, by: 'ada', from: 'http' }] });
      await signalByCli('promote', '{"version":"2","by":"bob","reason":"better"}');
      await handle.executeUpdate(promoteUpdate, { args: [{ version: 7 }] }).catch(() => {});
      await until(() => stages.audit.length === 3);
      assert.deepEqual(
        stages.audit.map(({ who, what, subject, from, details }) => [who, what, subject, from, details]),
        [
          ['ada', 'promoted', 'model/day-ahead', 'http', { version: 1, previous: null }],
          ['bob', 'refused', 'model/day-ahead', 'signal', { version: null, previous: 1 }],
          ['unknown', 'refused', 'model/day-ahead', 'update', { version: 7, previous: 1 }],
        ],
      );
      assert.match(stages.audit[1]!.why, /promote: version/);
      assert.equal(new Set(stages.audit.map(({ id }) => id)).size, 3);
    });
  });

  it('goes on with the canary that the files name, and not beside another champion', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2];
    const crowned = { name: 'day-ahead', version: 1, sha256: 'x', since: '2018', previous: [] };
    stages.champion = { ...crowned, generation: 4 };
    const canary = {
      version: 2,
      sha256: 'y',
      share: 0.5,
      since: '2018',
      generation: 1,
      championGeneration: 4,
    };
    stages.canary = { name: 'day-ahead', generation: 3, canary };
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client);
      await until(async () => (await handle.query(lifecycleStatusQuery)).canary?.version === 2);
      await handle.executeUpdate(endCanaryUpdate, { args: [{}] });
      assert.deepEqual(stages.canary, { name: 'day-ahead', generation: 4, canary: null });
      await handle.terminate('lost');
      stages.canary = { name: 'day-ahead', generation: 5, canary: { ...canary, championGeneration: 3 } };
      const again = await start(client);
      await until(async () => (await again.query(lifecycleStatusQuery)).champion === 1);
      assert.equal((await again.query(lifecycleStatusQuery)).canary, null);
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
      const signals = Array.from({ length: 30 }, (_, i) => 500 + i);
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
