import assert from 'node:assert/strict';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { deploymentStatus, type DeploymentStatus } from '../../src/contracts/learning.ts';
import { BadInputError } from '../../src/errors.ts';
import { failureLine } from '../../src/temporal/failures.ts';
import {
  approveSignal,
  approveUpdate,
  championSignal,
  clockSignal,
  deploymentStatusQuery,
  promoteUpdate,
  rejectSignal,
  rejectUpdate,
  supersedeSignal,
} from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import { promoteVersion } from '../../src/temporal/runs.ts';
import { FakeStages } from '../support/fake-stages.ts';
import { withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const CONFIG = {
  ...{ model_name: 'day-ahead', regions: ['CAL', 'MISO'], approvers: ['ada', 'grace'] },
  ...{ approval_hours: 24, canary_share: 0.1, canary_hours: 48, watch_hours: 72 },
};
const AUTO = { auto_deploy: true };
const AS_OF = '2019-03-03T02';

/** Version 1 is champion, 2 wants to be. */
function candidates(): FakeStages {
  const stages = new FakeStages();
  stages.versions = [1, 2];
  return stages;
}

/** With version 1 made champion by the model's own lifecycle. */
async function deploying(
  stages: FakeStages,
  config: object,
  work: (handle: WorkflowHandle, client: Client) => Promise<void>,
): Promise<void> {
  await withWorkers(stages.run, async (client) => {
    await promoteVersion(client, 'day-ahead', { version: 1, by: 'ada', reason: '' });
    const handle = await client.workflow.start(WORKFLOWS.deployment, {
      workflowId: workflowIds.deployment('day-ahead'),
      taskQueue: PIPELINE_QUEUE,
      args: [{ config: { ...CONFIG, ...config }, version: 2, asOf: AS_OF }],
    });
    await work(handle, client);
  });
}

const statusOf = async (handle: WorkflowHandle): Promise<DeploymentStatus> =>
  deploymentStatus.parse(await handle.query(deploymentStatusQuery));

const reaches = (handle: WorkflowHandle, phase: DeploymentStatus['phase']) =>
  until(async () => (await statusOf(handle)).phase === phase);

/** It is in this phase from its first moment; it has read who is champion once it says for whom it waits. */
const waitsForApproval = (handle: WorkflowHandle) =>
  until(async () => (await statusOf(handle)).says.startsWith('It waits for the approval'));

const clockTo = (handle: WorkflowHandle, asOf: string) => handle.signal(clockSignal, { asOf });

async function endOf(handle: WorkflowHandle): Promise<DeploymentStatus> {
  return deploymentStatus.parse(await handle.result());
}

const refusedWith = (pattern: RegExp) => (error: unknown) => {
  assert.match(failureLine((error as { cause: unknown }).cause), pattern);
  return true;
};

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

  it('replaces and takes back no champion but the one that it was judged by', async () => {
    const stages = candidates();
    stages.versions.push(3);
    const byHand = (client: Client) => promoteVersion(client, 'day-ahead', { version: 3, by: 'ada' });
    await deploying(stages, { canary_share: 0 }, async (handle, client) => {
      await waitsForApproval(handle);
      // The last that is read of a model: it is promoted between that and the deployment's own promotion.
      const read = stages.table.readCanary;
      stages.table.readCanary = async (...asked) => {
        stages.table.readCanary = read;
        await byHand(client);
        return read(...asked);
      };
      await handle.signal(approveSignal, { version: 2, by: 'ada' });
      await assert.rejects(handle.result());
      assert.equal(stages.champion?.version, 3);
    });
    assert.match(stages.jobs[0]!.reason, /Version 3 is champion by now, no longer 1/);

    const watched = candidates();
    watched.versions.push(3);
    await deploying(watched, { ...AUTO, canary_share: 0 }, async (handle, client) => {
      await reaches(handle, 'watch');
      watched.mapeOf[2] = 9;
      const compare = watched.table.compareVersions;
      watched.table.compareVersions = async (...asked) => {
        await byHand(client);
        return compare(...asked);
      };
      await clockTo(handle, '2019-03-05T02');
      await assert.rejects(handle.result());
      assert.equal(watched.champion?.version, 3);
    });
    assert.match(watched.jobs[0]!.reason, /Version 3 is champion by now, no longer 2/);
  });

  it('is no failure where somebody decided by hand who is champion while it waited for its approval', async () => {
    for (const [promoted, says] of [
      [2, /Version 2 was made champion by somebody else/],
      [3, /Version 3 became champion meanwhile/],
    ] as const) {
      const stages = candidates();
      stages.versions.push(3);
      await deploying(stages, {}, async (handle) => {
        await waitsForApproval(handle);
        // By a lifecycle that is still of the code before this was told to deployments.
        stages.champion = { ...stages.champion!, version: promoted };
        await handle.signal(approveSignal, { version: 2, by: 'ada' });
        const end = await endOf(handle);
        assert.equal(end.outcome, 'skipped');
        assert.match(end.says, says);
        assert.equal(stages.champion?.version, promoted);
      });
    }
  });

  it('waits no longer, for an approval, a canary or a watch, once somebody has decided by hand who is champion', async () => {
    for (const [config, phase, says] of [
      [{}, 'approval', /^Version 3 became champion meanwhile, by hand, by ada\.$/],
      [AUTO, 'canary', /^Version 3 became champion meanwhile, by hand, by ada\.$/],
      [
        { ...AUTO, canary_share: 0 },
        'watch',
        /^It was champion; version 3 is now, by somebody else: it made way for version 3 on \S+ by ada\.$/,
      ],
    ] as const) {
      const stages = candidates();
      stages.versions.push(3);
      await deploying(stages, config, async (handle, client) => {
        await (phase === 'approval' ? waitsForApproval(handle) : reaches(handle, phase));
        await promoteVersion(client, 'day-ahead', { version: 3, by: 'ada' });
        const end = await endOf(handle);
        assert.match(end.says, says);
        assert.equal(end.outcome, phase === 'watch' ? 'done' : 'skipped');
        assert.deepEqual([stages.champion?.version, stages.canary?.canary ?? null], [3, null]);
      });
    }
  });

  it('says who made its own version champion by hand', async () => {
    const stages = candidates();
    await deploying(stages, {}, async (handle, client) => {
      await waitsForApproval(handle);
      await promoteVersion(client, 'day-ahead', { version: 2, by: 'ada', reason: 'better in winter' });
      const { outcome, says } = await endOf(handle);
      const by = 'by hand, by ada: better in winter.';
      assert.deepEqual([outcome, says], ['skipped', `Version 2 was made champion ${by}`]);
    });
  });

  it('goes on waiting where what it hears of a champion is older than what it has read', async () => {
    const stages = candidates();
    await deploying(stages, { canary_share: 0 }, async (handle) => {
      await waitsForApproval(handle);
      const reads = () => stages.asked('readCanary').length;
      const before = reads();
      await handle.signal(championSignal, { version: 3 });
      await until(() => reads() > before);
      assert.equal((await statusOf(handle)).phase, 'approval');
      await handle.executeUpdate(approveUpdate, { args: [{ version: 2, by: 'ada' }] });
      await reaches(handle, 'watch');
      assert.equal(stages.champion?.version, 2);
    });
  });

  it('hears of a champion that is made while it reads who is', async () => {
    const stages = candidates();
    stages.versions.push(3);
    await deploying(stages, {}, async (handle, client) => {
      await waitsForApproval(handle);
      const read = stages.table.readCanary;
      stages.table.readCanary = async (...asked) => {
        stages.table.readCanary = read;
        await promoteVersion(client, 'day-ahead', { version: 3, by: 'ada' });
        await until(async () => {
          const { events } = await handle.fetchHistory();
          return events!.filter((event) => event.workflowExecutionSignaledEventAttributes).length === 2;
        });
        return read(...asked);
      };
      await handle.signal(championSignal, { version: 4 });
      assert.match((await endOf(handle)).says, /^Version 3 became champion meanwhile/);
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
