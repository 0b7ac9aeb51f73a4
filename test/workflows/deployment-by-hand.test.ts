import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import { approveSignal, approveUpdate, championSignal } from '../../src/temporal/messages.ts';
import { promoteVersion } from '../../src/temporal/runs.ts';
import { until } from '../support/until.ts';
import {
  AUTO,
  candidates,
  clockTo,
  deploying,
  endOf,
  reaches,
  statusOf,
  waitsForApproval,
} from './deploying.ts';

describe('a deployment beside decisions by hand', () => {
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
});
