import assert from 'node:assert/strict';
import { Worker } from '@temporalio/worker';
import { ingestionActivities, sourceActivities } from '../../activities/ingestion.ts';
import { PIPELINE_QUEUE, SOURCE_QUEUE, WORKFLOWS } from '../../src/temporal/names.ts';
import { FakeStages } from '../support/fake-stages.ts';
import { bundledWorkflows, temporal } from '../support/temporal.ts';
import { until } from '../support/until.ts';

describe('a worker that is shut down', () => {
  it('gives the work in hand back to be tried again, and loses no run', async () => {
    const { nativeConnection: connection, client } = await temporal();
    const stages = new FakeStages();
    const fetch = stages.table.ingestWindow;
    let aborted = 0;
    stages.table.ingestWindow = (input, options) =>
      aborted > 0
        ? fetch(input, options)
        : new Promise((_resolve, reject) => {
            options.signal.addEventListener('abort', () => {
              aborted++;
              reject(new Error('stopped half-way'));
            });
          });
    const workers = async () => {
      const dependencies = { run: stages.run, heartbeatMs: 200, elasticPatienceMs: 1000 };
      const both = await Promise.all([
        Worker.create({
          connection,
          taskQueue: PIPELINE_QUEUE,
          workflowBundle: await bundledWorkflows(),
          activities: ingestionActivities(dependencies),
        }),
        Worker.create({
          connection,
          taskQueue: SOURCE_QUEUE,
          activities: sourceActivities(dependencies),
          shutdownGraceTime: 0,
        }),
      ]);
      return { both, runs: Promise.all(both.map((worker) => worker.run())) };
    };
    const first = await workers();
    const handle = await client.workflow.start(WORKFLOWS.ingestion, {
      workflowId: 'ingestion/shutdown',
      taskQueue: PIPELINE_QUEUE,
      args: [{}],
    });
    await until(() => stages.asked('ingestWindow').length === 3);
    for (const worker of first.both) worker.shutdown();
    await first.runs;
    assert.equal(aborted, 3);
    const second = await workers();
    const outcome = (await handle.result()) as { failedWindows: number; records: number };
    assert.deepEqual([outcome.failedWindows, outcome.records], [0, 300]);
    for (const worker of second.both) worker.shutdown();
    await second.runs;
  });
});
