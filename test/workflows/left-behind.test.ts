import assert from 'node:assert/strict';
import { lifecycleStatusQuery } from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import { FakeStages } from '../support/fake-stages.ts';
import { withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const start = () =>
  new Promise<void>((begun, failed) => {
    // As a test that ran out of time: nobody waits for it, and it never ends.
    withWorkers(new FakeStages().run, async (client) => {
      const handle = await client.workflow.start(WORKFLOWS.modelLifecycle, {
        workflowId: workflowIds.model('day-ahead'),
        taskQueue: PIPELINE_QUEUE,
        args: [],
      });
      await until(async () => (await handle.query(lifecycleStatusQuery)).champion === null);
      begun();
      await new Promise(() => {});
    }).catch(failed);
  });

describe('a test that runs out of time', () => {
  let waiting: Promise<string>;

  // Twice the same: the second is the first one's next test.
  for (const nth of ['one', 'another']) {
    it(`leaves no worker and no workflow to the next: ${nth}`, async () => {
      await start();
      waiting = until(() => false).then(
        () => 'it came',
        (error: Error) => error.message,
      );
    });
  }

  it('ends what it waits for', async () => {
    assert.match(await waiting, /The test ended before/);
  });
});
