import {
  approveSignal,
  approveUpdate,
  clockSignal,
  deploymentStatusQuery,
  canarySignal,
  canaryUpdate,
  endCanaryUpdate,
  promoteUpdate,
} from '../../../src/temporal/messages.ts';
import { WORKFLOWS, workflowIds } from '../../../src/temporal/names.ts';
import { fakeSlot, registerSlots } from '../../support/fake-slots.ts';
import { FakeStages, reference } from '../../support/fake-stages.ts';
import { withWorkers } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { writeHistory } from '../histories.ts';
import { keep, start } from './recorder.ts';

describe('recording histories of models and their deployments', function () {
  this.timeout(120_000);

  it('a model whose canary starts, changes, ends and is promoted', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2, 3];
    await withWorkers(stages.run, async (client) => {
      const model = await start(client, WORKFLOWS.modelLifecycle, workflowIds.model('day-ahead'), {});
      await model.executeUpdate(promoteUpdate, { args: [{ version: 1 }] });
      await model.signal(canarySignal, { version: 2, share: 0.1 });
      await model.executeUpdate(canaryUpdate, { args: [{ version: 2, share: 0.3 }] });
      await model.executeUpdate(endCanaryUpdate, { args: [{}] });
      await model.executeUpdate(canaryUpdate, { args: [{ version: 9, share: 0.3 }] }).catch(() => {});
      await model.executeUpdate(canaryUpdate, { args: [{ version: 3, share: 1 }] });
      await model.executeUpdate(promoteUpdate, { args: [{ version: 3 }] });
      await keep(client, 'model-lifecycle-canary', model.workflowId);
    });
  });

  it('a deployment that waits for its approval while somebody makes another version champion', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2, 3];
    await withWorkers(stages.run, async (client) => {
      const model = await start(client, WORKFLOWS.modelLifecycle, workflowIds.model('day-ahead'), {});
      await model.executeUpdate(promoteUpdate, { args: [{ version: 1 }] });
      const config = { model_name: 'day-ahead', regions: ['CAL', 'MISO'] };
      const deployment = await start(client, WORKFLOWS.deployment, workflowIds.deployment('day-ahead'), {
        ...{ config, version: 2, asOf: '2019-03-03T02' },
      });
      await until(async () => (await deployment.query(deploymentStatusQuery)).says.startsWith('It waits'));
      await model.executeUpdate(promoteUpdate, { args: [{ version: 3 }] });
      await deployment.result();
      await keep(client, 'model-deployment-overtaken', deployment.workflowId);
      await keep(client, 'model-lifecycle-tells', model.workflowId);
    });
  });

  it('a retrain that would take regions from the champion, and one of a version that was taken back', async () => {
    const stages = new FakeStages();
    stages.versions = [1];
    const plan = stages.table.planStart;
    const told = { loses: ['PACW'], takenBack: [{ version: 2, says: 'Version 2 was champion before.' }] };
    stages.table.planStart = async (...asked) => ({ ...(await plan(...asked)), ...told });
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const model = await start(client, WORKFLOWS.modelLifecycle, workflowIds.model('day-ahead'), {});
        await model.executeUpdate(promoteUpdate, { args: [{ version: 1 }] });
        const config = { model_name: 'day-ahead', regions: ['CAL', 'MISO'], auto_deploy: true };
        for (const name of ['continuous-learning-keeps-regions', 'continuous-learning-taken-back']) {
          const id = workflowIds.learning('day-ahead');
          const run = await start(client, WORKFLOWS.continuousLearning, id, {
            config,
            asOf: '2019-03-03T02',
          });
          await run.result();
          await keep(client, name, id);
          told.loses = [];
        }
      },
      [fakeSlot(1), fakeSlot(2)],
    );
  });

  it('a model that learns, and its deployments: approved and rolled back, superseded, watched for long', async () => {
    const stages = new FakeStages();
    const slots = [fakeSlot(1), fakeSlot(2)];
    const goOnFrom = { weights: reference('weights'), normaliser: reference('normaliser') };
    const plan = stages.table.planStart;
    stages.table.planStart = (input, options) =>
      stages.champion
        ? { champion: 1, goOnFrom, why: 'It goes on.', maxSteps: 125, learningRate: 2e-4 }
        : plan(input, options);
    const config = {
      ...{ model_name: 'day-ahead', regions: ['CAL', 'MISO'], approvers: ['ada'], canary_hours: 24 },
      watch_hours: 2160,
    };
    const stamp = (hours: number) => new Date(Date.UTC(2019, 2, 3, 2 + hours)).toISOString().slice(0, 13);
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const learn = (asOf: string, more: object = {}) =>
          start(client, WORKFLOWS.continuousLearning, workflowIds.learning('day-ahead'), {
            ...{ config: { ...config, ...more }, asOf },
          });
        const deployment = client.workflow.getHandle(workflowIds.deployment('day-ahead'));
        const reaches = (phase: string) =>
          until(async () => (await deployment.query(deploymentStatusQuery)).phase === phase);
        await (await learn(stamp(0), { auto_deploy: true })).result();
        await deployment.result();
        await keep(client, 'model-deployment-first', deployment.workflowId);
        stages.made.delete('version');
        const second = await learn(stamp(168));
        await second.result();
        await keep(client, 'continuous-learning', second.workflowId);
        await reaches('approval');
        await deployment.signal(approveSignal, { version: 2, by: 'mallory' });
        await deployment.executeUpdate(approveUpdate, { args: [{ version: 2, by: 'ada' }] });
        await reaches('canary');
        const { runId } = await deployment.describe();
        let day = 8;
        await deployment.signal(clockSignal, { asOf: stamp(24 * day) });
        await reaches('watch');
        while ((await client.workflow.getHandle(deployment.workflowId).describe()).runId === runId) {
          const checks = stages.asked('compareVersions').length;
          await deployment.signal(clockSignal, { asOf: stamp(24 * ++day) });
          await until(
            async () =>
              stages.asked('compareVersions').length > checks ||
              (await client.workflow.getHandle(deployment.workflowId).describe()).runId !== runId,
          );
        }
        const first = client.workflow.getHandle(deployment.workflowId, runId);
        await writeHistory('model-deployment', await first.fetchHistory());
        stages.mapeOf[2] = 4;
        await deployment.signal(clockSignal, { asOf: stamp(24 * (day + 2)) });
        await deployment.result();
        await keep(client, 'model-deployment-goes-on', deployment.workflowId);
        stages.made.delete('version');
        await (await learn(stamp(24 * 60), { auto_deploy: true })).result();
        await reaches('canary');
        const superseded = (await deployment.describe()).runId;
        stages.made.delete('version');
        await (await learn(stamp(24 * 67))).result();
        const third = client.workflow.getHandle(deployment.workflowId, superseded);
        await writeHistory('model-deployment-superseded', await third.fetchHistory());
        stages.samples = 1;
        const few = await learn(stamp(24 * 74));
        await few.result();
        await keep(client, 'continuous-learning-too-few', few.workflowId);
      },
      slots,
    );
  });
});
