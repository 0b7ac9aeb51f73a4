import assert from 'node:assert/strict';
import { deploymentStatus } from '../../src/contracts/learning.ts';
import { BadInputError } from '../../src/errors.ts';
import {
  approveSignal,
  approveUpdate,
  rejectSignal,
  rejectUpdate,
  supersedeSignal,
} from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import { promoteVersion } from '../../src/temporal/runs.ts';
import { withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import {
  AS_OF,
  AUTO,
  CONFIG,
  candidates,
  clockTo,
  deploying,
  endOf,
  reaches,
  refusedWith,
  statusOf,
  waitsForApproval,
} from './deploying.ts';

describe('modelDeploymentWorkflow', () => {
  it('goes from an approval over a canary to a champion that has stood its watch', async () => {
    const stages = candidates();
    await deploying(stages, {}, async (handle) => {
      await reaches(handle, 'approval');
      assert.match((await statusOf(handle)).says, /approval of ada or grace until 2019-03-04T02/);
      await assert.rejects(
        handle.executeUpdate(approveUpdate, { args: [{ version: 2, by: 'mallory' }] }),
        refusedWith(/mallory is none of those who may: ada, grace\. Answer as one of them: `--by ada`\.$/),
      );
      await assert.rejects(
        handle.executeUpdate(approveUpdate, { args: [{ version: 3, by: 'ada' }] }),
        refusedWith(
          /Version 3 is not what is being deployed: that is version 2\. `approve day-ahead 2` is of that one/,
        ),
      );
      await assert.rejects(
        handle.executeUpdate(approveUpdate, { args: [{ version: 'two' as never }] }),
        refusedWith(/The request is wrong: version/),
      );
      await handle.signal(rejectSignal, { version: 2, by: 'trudy' });
      await handle.signal(approveSignal, { version: 2.5, by: 'ada' });
      await handle.executeUpdate(approveUpdate, { args: [{ version: 2, by: 'grace', reason: 'good' }] });
      await reaches(handle, 'canary');
      await assert.rejects(
        handle.executeUpdate(approveUpdate, { args: [{ version: 2, by: 'ada' }] }),
        refusedWith(/decided on already: approved by grace: good\. The deployment is at canary\.$/),
      );
      assert.deepEqual([stages.canary?.canary?.version, stages.canary?.canary?.share], [2, 0.1]);
      assert.deepEqual(
        (await statusOf(handle)).requests.map(({ kind, by, refusal }) => [kind, by, refusal === null]),
        [
          ['approve', 'ada', false],
          ['approve', 'grace', true],
          ['approve', 'ada', false],
          ['reject', 'trudy', false],
          ['approve', 'ada', false],
          ['approve', 'mallory', false],
        ],
      );
      await clockTo(handle, '2019-03-05T01');
      await clockTo(handle, '2019-03-05T02');
      await reaches(handle, 'watch');
      assert.deepEqual([stages.champion?.version, stages.canary?.canary], [2, null]);
      await assert.rejects(
        handle.executeUpdate(rejectUpdate, { args: [{ version: 2, by: 'ada' }] }),
        refusedWith(/decided on already|too late to reject/),
      );
      await clockTo(handle, '2019-03-06T02');
      await until(async () => (await statusOf(handle)).says.includes('On the same hours: the operator'));
      for (const day of ['07', '08']) await clockTo(handle, `2019-03-${day}T02`);
      const end = await endOf(handle);
      assert.deepEqual([end.outcome, end.phase], ['done', 'closed']);
      assert.match(end.says, /Version 2 is champion and has stood its watch/);
      assert.match(end.says, /On the same hours: the operator's forecast 2\.000 %, persistence 5\.000 %\.$/);
    });
    const asked = stages.asked('compareVersions') as { from: string; to: string; asOf: string }[];
    assert.deepEqual(
      [asked[0]!.from, asked[0]!.to, asked[0]!.asOf],
      ['2019-03-03T03', '2019-03-05T01', '2019-03-05T02'],
    );
    assert.equal(asked[1]!.from, '2019-03-05T03');
    const [job] = stages.jobs;
    assert.deepEqual([job!.job, job!.outcome, job!.version], ['deployment', 'done', 2]);
    assert.deepEqual([job!.facts['operator_mape'], job!.facts['persistence_mape']], [2, 5]);
    const told = stages.audit.filter(({ subject }) => subject === 'model/day-ahead');
    const whats = told.map(({ what, who }) => `${what} ${who}`);
    for (const each of ['refused mallory', 'refused trudy', 'approved grace'])
      assert.ok(whats.includes(each), `${each} in ${whats.join(', ')}`);
  });

  it('puts aside what is rejected, in the approval and in the canary', async () => {
    const stages = candidates();
    await deploying(stages, {}, async (handle) => {
      await handle.executeUpdate(rejectUpdate, { args: [{ version: 2, by: 'ada', reason: 'too bold' }] });
      const end = await endOf(handle);
      assert.deepEqual([end.outcome, end.says], ['refused', 'Rejected by ada: too bold']);
      assert.equal(stages.champion?.version, 1);
    });
    const again = candidates();
    await deploying(again, AUTO, async (handle) => {
      await reaches(handle, 'canary');
      await handle.signal(rejectSignal, { version: 2, by: 'grace' });
      assert.deepEqual([(await endOf(handle)).says, again.canary?.canary], ['Rejected by grace.', null]);
    });
    assert.deepEqual(
      again.jobs.map(({ outcome }) => outcome),
      ['refused'],
    );
  });

  it('hears who rejects while the canary is held against the champion, and who approves in the last moment', async () => {
    const rejected = candidates();
    await deploying(rejected, AUTO, async (handle) => {
      await reaches(handle, 'canary');
      const compare = rejected.table.compareVersions;
      rejected.table.compareVersions = async (...asked) => {
        await handle.executeUpdate(rejectUpdate, { args: [{ version: 2, by: 'ada' }] });
        return compare(...asked);
      };
      await clockTo(handle, '2019-03-06T02');
      assert.equal((await endOf(handle)).says, 'Rejected by ada.');
      assert.deepEqual([rejected.champion?.version, rejected.canary?.canary], [1, null]);
    });
    const approved = candidates();
    await deploying(approved, { canary_share: 0 }, async (handle) => {
      await waitsForApproval(handle);
      const read = approved.table.readCanary;
      approved.table.readCanary = async (...asked) => {
        approved.table.readCanary = read;
        await handle.executeUpdate(approveUpdate, { args: [{ version: 2, by: 'ada' }] });
        return read(...asked);
      };
      await clockTo(handle, '2019-03-04T02');
      await reaches(handle, 'watch');
      assert.equal(approved.champion?.version, 2);
    });
  });

  it('waits no longer for an approval than it was told to', async () => {
    const stages = candidates();
    await deploying(stages, {}, async (handle) => {
      await clockTo(handle, '2019-03-04T02');
      const end = await endOf(handle);
      assert.deepEqual([end.outcome, end.says], ['refused', 'Nobody approved it within 24 hours.']);
    });
  });

  it('refuses a candidate whose canary is worse, with the figures, and the champion answers alone', async () => {
    const stages = candidates();
    stages.mapeOf[2] = 4;
    await deploying(stages, AUTO, async (handle) => {
      await reaches(handle, 'canary');
      await clockTo(handle, '2019-03-06T02');
      const end = await endOf(handle);
      assert.equal(end.outcome, 'refused');
      assert.match(end.says, /Its canary was worse. Version 2 is 33.3 % worse/);
      assert.deepEqual([stages.champion?.version, stages.canary?.canary], [1, null]);
    });
    assert.equal(stages.jobs[0]!.facts['baseline_mape'], 3);
  });

  it('makes way for a newer candidate', async () => {
    const stages = candidates();
    await deploying(stages, AUTO, async (handle) => {
      await reaches(handle, 'canary');
      await handle.signal(supersedeSignal, { version: 3, by: 'learning' });
      const end = await endOf(handle);
      assert.deepEqual([end.outcome, end.says], ['skipped', 'Superseded by version 3 at canary.']);
      assert.deepEqual([stages.champion?.version, stages.canary?.canary], [1, null]);
    });
  });

  it('leaves no canary behind when it fails, and tells the ledger why', async () => {
    const stages = candidates();
    stages.table.compareVersions = () => {
      throw new BadInputError('Version 2 does not know CAL.', 'Compare on others.');
    };
    await deploying(stages, AUTO, async (handle) => {
      await reaches(handle, 'canary');
      await clockTo(handle, '2019-03-06T02');
      await assert.rejects(handle.result());
      assert.deepEqual([stages.champion?.version, stages.canary?.canary], [1, null]);
    });
    assert.deepEqual(
      stages.jobs.map(({ outcome, facts }) => [outcome, facts['phase']]),
      [['failed', 'canary']],
    );
    assert.match(stages.jobs[0]!.reason, /Version 2 does not know CAL/);
  });

  it('does nothing where the version is champion already', async () => {
    const stages = candidates();
    await withWorkers(stages.run, async (client) => {
      await promoteVersion(client, 'day-ahead', { version: 2, by: 'ada', reason: '' });
      const status = await client.workflow.execute(WORKFLOWS.deployment, {
        workflowId: workflowIds.deployment('day-ahead'),
        taskQueue: PIPELINE_QUEUE,
        args: [{ config: CONFIG, version: 2, asOf: AS_OF }],
      });
      assert.equal(deploymentStatus.parse(status).outcome, 'skipped');
    });
  });
});
