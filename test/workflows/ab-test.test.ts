import assert from 'node:assert/strict';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { ABAccount, ABTestStatus } from '../../src/contracts/ab-test.ts';
import {
  abTestStatusQuery,
  clockSignal,
  endTestSignal,
  endTestUpdate,
  extendTestUpdate,
  outcomesSignal,
  outcomesUpdate,
} from '../../src/temporal/messages.ts';
import { failureLine } from '../../src/temporal/failures.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import { FakeStages } from '../support/fake-stages.ts';
import { withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const config = (test: string, changes: object = {}) => ({
  ...{ test_name: test, control_model: 'day-ahead@1', treatment_model: 'day-ahead@2', max_duration: '7d' },
  ...changes,
});

const begin = (client: Client, test: string, changes: object = {}, asOf?: string) =>
  client.workflow.start(WORKFLOWS.abTest, {
    workflowId: workflowIds.abTest(test),
    taskQueue: PIPELINE_QUEUE,
    args: [{ config: config(test, changes), by: 'ada', reason: 'which is better', asOf }],
  });

const rating = (request: string, value = 4) => ({ request, value });
const statusOf = (handle: WorkflowHandle) => handle.query<ABTestStatus, []>(abTestStatusQuery);
const begun = (handle: WorkflowHandle) => until(async () => (await statusOf(handle)).result !== null);

/** Two versions, the first of them champion. */
function twoVersions(): FakeStages {
  const stages = new FakeStages();
  stages.versions = [1, 2];
  const record = { name: 'day-ahead', generation: 1, version: 1, sha256: '1'.repeat(64) };
  stages.champion = { ...record, since: '2026-01-01T00:00:00Z', previous: [] };
  return stages;
}

const told = (stages: FakeStages) =>
  stages.audit.filter(({ subject }) => subject.startsWith('ab-test/')).map(({ what }) => what);

describe('abTestWorkflow', () => {
  it('takes outcomes in by signal and update, promotes the treatment when it won, and says who did what', async () => {
    const stages = twoVersions();
    await withWorkers(stages.run, async (client) => {
      const handle = await begin(client, 'wins', { action: 'promote' });
      await begun(handle);
      await handle.signal(outcomesSignal, { outcomes: [rating('r1'), rating('r2')], by: 'app' });
      const account = await handle.executeUpdate<ABAccount, [object]>(outcomesUpdate, {
        args: [{ outcomes: [rating('r3')], by: 'app' }],
      });
      assert.equal(account.taken, 1);
      assert.deepEqual(
        stages.tests.outcomes.map(({ request }) => request),
        ['r1', 'r2', 'r3'],
      );
      await assert.rejects(handle.executeUpdate(outcomesUpdate, { args: [{ outcomes: [] }] }), (error) =>
        /outcomes/.test(failureLine(error)),
      );
      stages.tests.says = { decision: 'promote', says: 'Promote the treatment: it is better.' };
      await handle.signal(outcomesSignal, { outcomes: [rating('r4')] });
      const ended = (await handle.result()) as ABTestStatus;
      assert.deepEqual(
        [ended.phase, ended.ending?.decision, ended.ending?.promoted],
        ['ended', 'promote', true],
      );
      assert.equal(stages.champion?.version, 2);
      assert.match(ended.says, /Version 2 is champion/);
      assert.deepEqual(told(stages), ['ab-started', 'ab-decided', 'ab-ended']);
      const [started] = stages.audit.filter(({ what }) => what === 'ab-started');
      assert.deepEqual([started!.who, started!.why], ['ada', 'which is better']);
    });
  });

  it('leaves it to a person where control and treatment are two models', async () => {
    const stages = twoVersions();
    stages.tests.says = { decision: 'promote', says: 'Promote the treatment.' };
    await withWorkers(stages.run, async (client) => {
      const handle = await begin(client, 'two-models', { treatment_model: 'other@3', action: 'promote' });
      const { ending } = (await handle.result()) as ABTestStatus;
      assert.equal(ending?.promoted, false);
      assert.match(ending?.says ?? '', /other is another model than day-ahead: a person must decide/);
      assert.equal(stages.champion?.version, 1);
    });
  });

  it('tells the alerts of a broken sample ratio once, goes on being asked, and stops when a person says so', async () => {
    const stages = twoVersions();
    const sampleRatio = { expected: 0.1, observed: 0.2, pValue: 1e-5, broken: true };
    stages.tests.says = { decision: 'broken', sampleRatio, says: 'Stop: the ratio.' };
    await withWorkers(stages.run, async (client) => {
      const handle = await begin(client, 'broken');
      await until(async () => (await statusOf(handle)).phase === 'decided');
      const facts = () =>
        stages.alerts.flatMap((message) => (message.kind === 'observe' ? [message.body] : []));
      await until(() => facts().length > 0);
      assert.deepEqual(
        [facts()[0]!.model, facts()[0]!.facts['sample_ratio_broken'], facts()[0]!.source],
        ['day-ahead', true, 'ab-test'],
      );
      await handle.executeUpdate(outcomesUpdate, { args: [{ outcomes: [rating('r1')] }] });
      await handle.signal(endTestSignal, { by: 7 } as object);
      await until(async () => (await statusOf(handle)).requests.length > 0);
      const [wrong] = (await statusOf(handle)).requests;
      assert.match(wrong?.refusal ?? '', /by: /);
      await handle.executeUpdate(endTestUpdate, { args: [{ by: 'bob', reason: 'look into it' }] });
      const { ending } = (await handle.result()) as ABTestStatus;
      assert.deepEqual([ending?.by, ending?.promoted, ending?.decision], ['bob', false, 'broken']);
      assert.equal(told(stages).filter((what) => what === 'ab-decided').length, 1);
      assert.ok(told(stages).includes('refused'));
      assert.equal(facts().filter(({ facts: each }) => each['sample_ratio_broken'] === true).length, 1);
    });
  });

  it('ends undecided at the end of its time, which can be put off, by the clock that it was given', async () => {
    const stages = twoVersions();
    const judge = stages.tests.table.judgeABTest;
    stages.table.judgeABTest = (input) => {
      const look = judge(input);
      const { over } = input;
      return { ...look, result: { ...look.result, decision: over ? 'futile' : 'continue' } };
    };
    await withWorkers(stages.run, async (client) => {
      const handle = await begin(client, 'late', {}, '2019-03-01T00');
      await begun(handle);
      await handle.executeUpdate(extendTestUpdate, { args: [{ duration: '2d', by: 'ada' }] });
      await handle.signal(clockSignal, { asOf: '2019-03-08T01' });
      await until(async () => (await statusOf(handle)).endsAt === '2019-03-10T00:00:00.000Z');
      assert.equal((await statusOf(handle)).phase, 'running');
      await handle.signal(clockSignal, { asOf: '2019-03-10T00' });
      const { ending } = (await handle.result()) as ABTestStatus;
      assert.deepEqual([ending?.decision, ending?.at], ['futile', '2019-03-10T00:00:00.000Z']);
    });
  });

  it('ends when somebody else promotes another version, for it answers nothing any more', async () => {
    const stages = twoVersions();
    await withWorkers(stages.run, async (client) => {
      const handle = await begin(client, 'overtaken');
      await begun(handle);
      stages.tests.interrupted = 'Version 3 of day-ahead became champion meanwhile.';
      await handle.signal(outcomesSignal, { outcomes: [rating('r1')] });
      const { ending } = (await handle.result()) as ABTestStatus;
      assert.match(ending?.says ?? '', /Version 3 of day-ahead became champion meanwhile/);
    });
  });

  it('continues as new with all that waits', async () => {
    const stages = twoVersions();
    await withWorkers(stages.run, async (client) => {
      const handle = await begin(client, 'long');
      for (let i = 0; i < 75; i++) {
        await handle.executeUpdate(outcomesUpdate, { args: [{ outcomes: [rating(`r${i}`)] }] });
      }
      const now = await client.workflow.getHandle(handle.workflowId).describe();
      assert.notEqual(now.runId, handle.firstExecutionRunId);
      const status = await statusOf(client.workflow.getHandle(handle.workflowId));
      assert.deepEqual([status.result?.treatment.units, status.control?.version], [75, 1]);
      assert.equal(stages.asked('startABTest').length, 1);
      assert.equal(stages.tests.outcomes.length, 75);
    });
  });
});
