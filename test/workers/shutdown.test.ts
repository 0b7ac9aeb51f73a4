import assert from 'node:assert/strict';
import { PIPELINE_QUEUE, WORKFLOWS } from '../../src/temporal/names.ts';
import { FakeStages } from '../support/fake-stages.ts';
import { whileWorkersRun, withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

describe('a worker that is shut down', () => {
  it('gives the work in hand back to be tried again, and loses no run', async () => {
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
    const handle = await whileWorkersRun(stages.run, async (client) => {
      const started = await client.workflow.start(WORKFLOWS.ingestion, {
        workflowId: 'ingestion/shutdown',
        taskQueue: PIPELINE_QUEUE,
        args: [{}],
      });
      await until(() => stages.asked('ingestWindow').length === 3);
      return started;
    });
    assert.equal(aborted, 3);
    await withWorkers(stages.run, async () => {
      const outcome = (await handle.result()) as { failedWindows: number; records: number };
      assert.deepEqual([outcome.failedWindows, outcome.records], [0, 300]);
    });
  });
});
