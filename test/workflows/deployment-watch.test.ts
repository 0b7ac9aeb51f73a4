import assert from 'node:assert/strict';
import { deploymentStatus } from '../../src/contracts/learning.ts';
import { approveUpdate, clockSignal, promoteUpdate } from '../../src/temporal/messages.ts';
import { workflowIds } from '../../src/temporal/names.ts';
import { until } from '../support/until.ts';
import { AUTO, candidates, clockTo, deploying, endOf, reaches, statusOf } from './deploying.ts';

describe('the watch of a deployment', () => {
  it('rolls back by itself when the hours after the promotion say that it is worse', async () => {
    const stages = candidates();
    await deploying(stages, { ...AUTO, canary_share: 0 }, async (handle) => {
      await reaches(handle, 'watch');
      stages.mapeOf[2] = 3.3;
      await clockTo(handle, '2019-03-05T02');
      const end = await endOf(handle);
      assert.equal(end.outcome, 'rolled-back');
      assert.match(end.says, /Rolled back to version 1. Version 2 is 10.0 % worse, where 5.0 % are allowed/);
      assert.equal(stages.champion?.version, 1);
    });
    assert.equal(stages.jobs[0]!.outcome, 'rolled-back');
    assert.equal(stages.history.at(-1)!.kind, 'rolled-back');
  });

  it('leaves a champion in place that somebody else has put there, and one it was told to leave', async () => {
    const stages = candidates();
    stages.versions.push(3);
    await deploying(stages, { ...AUTO, canary_share: 0 }, async (handle, client) => {
      await reaches(handle, 'watch');
      stages.mapeOf[2] = 9;
      await client.workflow
        .getHandle(workflowIds.model('day-ahead'))
        .executeUpdate(promoteUpdate, { args: [{ version: 3, by: 'ada' }] });
      await clockTo(handle, '2019-03-05T02');
      const end = await endOf(handle);
      assert.match(end.says, /version 3 is now, by somebody else/);
      assert.equal(stages.champion?.version, 3);
    });
    const left = candidates();
    await deploying(left, { ...AUTO, canary_share: 0, rollback_on_failure: false }, async (handle) => {
      await reaches(handle, 'watch');
      left.mapeOf[2] = 9;
      await clockTo(handle, '2019-03-05T02');
      assert.match((await endOf(handle)).says, /Left in place, as it was told to/);
      assert.equal(left.champion?.version, 2);
    });
  });

  it('continues a long watch as new with its clock, its requests and whom it watches against', async () => {
    const stages = candidates();
    await deploying(stages, { canary_share: 0, watch_hours: 2160 }, async (handle, client) => {
      await handle.executeUpdate(approveUpdate, { args: [{ version: 2, by: 'ada' }] });
      await reaches(handle, 'watch');
      const runId = async () => (await client.workflow.getHandle(handle.workflowId).describe()).runId;
      const first = await runId();
      let [day, checks] = [0, 0];
      const at = (days: number) => new Date(Date.UTC(2019, 2, 3 + days, 2)).toISOString().slice(0, 13);
      while ((await runId()) === first) {
        await client.workflow.getHandle(handle.workflowId).signal(clockSignal, { asOf: at(++day) });
        await until(async () => stages.asked('compareVersions').length > checks || (await runId()) !== first);
        checks = stages.asked('compareVersions').length;
      }
      const next = client.workflow.getHandle(handle.workflowId);
      const status = await statusOf(next);
      assert.deepEqual([status.phase, status.requests.length, status.version], ['watch', 1, 2]);
      stages.mapeOf[2] = 4;
      await next.signal(clockSignal, { asOf: at(day + 2) });
      const end = deploymentStatus.parse(await next.result());
      assert.equal(end.outcome, 'rolled-back');
      assert.match(end.says, /Rolled back to version 1/);
    });
    const asked = stages.asked('compareVersions') as { from: string }[];
    assert.deepEqual([...new Set(asked.map(({ from }) => from))], ['2019-03-03T03']);
    assert.equal(stages.champion?.version, 1);
  });
});
