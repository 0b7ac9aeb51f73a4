import assert from 'node:assert/strict';
import { WithStartWorkflowOperation, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import type { LeaseRequest } from '../../src/contracts/slot-pool.ts';
import { rootFailure } from '../../src/temporal/failures.ts';
import {
  drainSignal,
  leasesQuery,
  leaseUpdate,
  releaseLeaseSignal,
  renewLeaseSignal,
  slotsQuery,
} from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, slotQueue, workflowIds } from '../../src/temporal/names.ts';
import { registerSlots, slotRecordOf } from '../support/fake-slots.ts';
import { FakeStages } from '../support/fake-stages.ts';
import { temporal, withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const POOL = workflowIds.slotPool('default');
const owner = { workflowId: 'nobody', firstRunId: 'x' };

const lease = (client: Client, request: LeaseRequest) =>
  client.workflow.executeUpdateWithStart(leaseUpdate, {
    args: [request],
    startWorkflowOperation: new WithStartWorkflowOperation(WORKFLOWS.slotPool, {
      workflowId: POOL,
      taskQueue: PIPELINE_QUEUE,
      workflowIdConflictPolicy: 'USE_EXISTING',
    }),
  });

describe('slotPoolWorkflow', () => {
  it('leases registered slots, and gives what a closed workflow holds to who waits', async () => {
    await withWorkers(new FakeStages().run, async (client) => {
      await registerSlots(client, [1, 2]);
      const first = await lease(client, { requestId: 'a', owner, count: 2 });
      assert.deepEqual(
        first.state === 'granted' && first.lease.slots.map(({ queue, session }) => [queue, session]),
        [
          [slotQueue('test', 1), 's1'],
          [slotQueue('test', 2), 's1'],
        ],
      );
      // Its owner does not run, so that nothing but the look-up of owners can free these slots.
      const pool = client.workflow.getHandle(POOL);
      const living = { workflowId: POOL, firstRunId: (await pool.describe()).runId };
      const second = await lease(client, { requestId: 'b', owner: living, count: 1 });
      assert.equal(second.state, 'granted');
      const held = await pool.query(leasesQuery);
      assert.deepEqual(
        held.map(({ requestId }) => requestId),
        ['b'],
      );
    });
  });

  it('refuses a wrong request by the name of the field, and is not shaken by wrong signals', async () => {
    await withWorkers(new FakeStages().run, async (client) => {
      await registerSlots(client, [1]);
      await assert.rejects(lease(client, { requestId: 'a', owner, count: 0 }), (error) => {
        assert.ok(error instanceof WorkflowUpdateFailedError);
        assert.match((rootFailure(error) as Error).message, /count/);
        return true;
      });
      const pool = client.workflow.getHandle(POOL);
      for (const name of ['registerSlot', 'leave', 'slotLost', 'drain', 'renewLease', 'releaseLease']) {
        await pool.signal(name);
        await pool.signal(name, { nonsense: true });
      }
      await pool.signal(drainSignal, { queue: slotQueue('test', 1), drain: true });
      await until(async () => (await pool.query(slotsQuery))[0]?.draining === true);
      await pool.signal(releaseLeaseSignal, { requestId: 'a' });
      assert.equal((await pool.describe()).status.name, 'RUNNING');
    });
  });

  it('refuses a wrong input', async () => {
    await withWorkers(new FakeStages().run, async (client) => {
      const handle = await client.workflow.start(WORKFLOWS.slotPool, {
        workflowId: 'slots/wrong',
        taskQueue: PIPELINE_QUEUE,
        args: [{ ttlSeconds: 'long' }],
      });
      await assert.rejects(handle.result(), (error) =>
        /ttlSeconds/.test((rootFailure(error) as Error).message),
      );
    });
  });

  it('carries slots, leases and the queue when it continues as new', async () => {
    await withWorkers(new FakeStages().run, async (client) => {
      await registerSlots(client, [1]);
      const pool = client.workflow.getHandle(POOL);
      const { runId } = await pool.describe();
      await lease(client, { requestId: 'a', owner, count: 1 });
      const before = await pool.query(leasesQuery);
      // More events than a run of the pool keeps; it continues as new in the first quiet moment after them.
      for (let round = 0; round < 13; round++) {
        const notes = Array.from({ length: 40 }, () =>
          pool.signal(drainSignal, { queue: 'none', drain: true }),
        );
        await Promise.all(notes);
      }
      await until(async () => (await pool.describe()).runId !== runId);
      assert.deepEqual(
        (await pool.query(leasesQuery)).map(({ requestId }) => requestId),
        before.map(({ requestId }) => requestId),
      );
      assert.equal((await pool.query(slotsQuery)).length, 1);
    });
  });

  it('tells an owner of slots that others hold before it continues as new', async () => {
    const { client } = await temporal();
    await registerSlots(client, [1]);
    const pool = client.workflow.getHandle(POOL);
    const { runId } = await pool.describe();
    const slots = [{ ...slotRecordOf(1), session: 's1' }];
    for (const requestId of ['a', 'b'])
      await pool.signal(renewLeaseSignal, { requestId, owner, slots, expiresAt: 0 });
    // No worker has seen any of it: one step takes them all in, and the history is long by then.
    for (let round = 0; round < 10; round++) {
      const notes = Array.from({ length: 50 }, () =>
        pool.signal(drainSignal, { queue: 'none', drain: true }),
      );
      await Promise.all(notes);
    }
    await withWorkers(new FakeStages().run, async () => {
      await until(async () => (await client.workflow.getHandle(POOL).describe()).runId !== runId);
      const { events } = await client.workflow.getHandle(POOL, runId).fetchHistory();
      const begun = events!.filter((event) => event.signalExternalWorkflowExecutionInitiatedEventAttributes);
      const ended = events!.filter((event) => event.signalExternalWorkflowExecutionFailedEventAttributes);
      assert.deepEqual([begun.length, ended.length], [1, 1]);
    });
  });
});
