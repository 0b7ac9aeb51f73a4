import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { deploymentStatus } from '../../src/contracts/learning.ts';
import { clockSignal, deploymentStatusQuery } from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import { promoteVersion } from '../../src/temporal/runs.ts';
import { FakeStages } from '../support/fake-stages.ts';
import { bundledWorkflows, whileWorkersRun, withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const CONFIG = {
  ...{ model_name: 'day-ahead', regions: ['CAL', 'MISO'], auto_deploy: true },
  ...{ canary_hours: 24, watch_hours: 24 },
};

/** Where a deployment's canary begins, and what the module calls the SDK there. */
const BEGINS = 'const reason = `Canary before promotion';

/** The workflows as they will be: a deployment that asks the registry once more before its canary. */
async function newBundle(branch: (sdk: string) => string): Promise<{ code: string }> {
  const { code } = await bundledWorkflows();
  const at = code.indexOf(BEGINS);
  assert.ok(at > 0 && code.indexOf(BEGINS, at + 1) < 0, 'the place that the new code changes is there once');
  const sdk = /\(0,\s*(\w+)\.upsertSearchAttributes\)/.exec(
    code.slice(code.lastIndexOf('WORKFLOWS.deployment', at), at),
  );
  assert.ok(sdk, 'the module that holds it has the SDK');
  return { code: `${code.slice(0, at)}${branch(sdk[1]!)} await readModel({ name });\n${code.slice(at)}` };
}

const deploy = (client: Client, version: number) =>
  client.workflow.start(WORKFLOWS.deployment, {
    workflowId: workflowIds.deployment('day-ahead'),
    taskQueue: PIPELINE_QUEUE,
    args: [{ config: CONFIG, version, asOf: '2019-03-03T02' }],
  });

const reaches = (client: Client, phase: string) =>
  until(async () => {
    const handle = client.workflow.getHandle(workflowIds.deployment('day-ahead'));
    return (await handle.query(deploymentStatusQuery)).phase === phase;
  });

async function finish(client: Client): Promise<void> {
  const handle = client.workflow.getHandle(workflowIds.deployment('day-ahead'));
  await handle.signal(clockSignal, { asOf: '2019-03-04T02' });
  await reaches(client, 'watch');
  await handle.signal(clockSignal, { asOf: '2019-03-08T02' });
  assert.equal(deploymentStatus.parse(await handle.result()).outcome, 'done');
}

describe('a worker with new workflow code', () => {
  it('takes over a deployment that the old code began, and does new ones its own way', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2, 3];
    await whileWorkersRun(stages.run, async (client) => {
      await promoteVersion(client, 'day-ahead', { version: 1, by: 'ada', reason: '' });
      await deploy(client, 2);
      await reaches(client, 'canary');
    });
    assert.equal(stages.canary?.canary?.version, 2);
    const patched = newBundle((sdk) => `if ((0, ${sdk}.patched)('asks-once-more'))`);
    const listed = () => stages.asked('listModels').length;
    const asked: number[] = [];
    await whileWorkersRun(
      stages.run,
      async (client) => {
        await finish(client);
        assert.equal(stages.champion?.version, 2);
        for (const version of [3]) {
          const before = listed();
          await deploy(client, version);
          await reaches(client, 'canary');
          asked.push(listed() - before);
          await finish(client);
        }
      },
      [],
      patched,
    );
    assert.equal(stages.champion?.version, 3);
    // Once as every deployment does, once more by the new code.
    assert.deepEqual(asked, [2]);
  });

  it('could not have, without the branch for what is under way', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2];
    let history: unknown;
    await withWorkers(stages.run, async (client) => {
      await promoteVersion(client, 'day-ahead', { version: 1, by: 'ada', reason: '' });
      const handle = await deploy(client, 2);
      await reaches(client, 'canary');
      history = await handle.fetchHistory();
    });
    const id = workflowIds.deployment('day-ahead');
    const replay = async (bundle: Promise<{ code: string }>) =>
      Worker.runReplayHistory({ workflowBundle: await bundle }, history, id);
    await replay(newBundle((sdk) => `if ((0, ${sdk}.patched)('asks-once-more'))`));
    await assert.rejects(replay(newBundle(() => '')), { name: 'DeterminismViolationError' });
  });
});
