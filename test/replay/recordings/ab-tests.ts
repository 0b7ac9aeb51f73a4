import {
  clockSignal,
  endTestSignal,
  extendTestUpdate,
  outcomesSignal,
  outcomesUpdate,
} from '../../../src/temporal/messages.ts';
import { WORKFLOWS, workflowIds } from '../../../src/temporal/names.ts';
import { FakeStages } from '../../support/fake-stages.ts';
import { withWorkers } from '../../support/temporal.ts';
import { writeHistory } from '../histories.ts';
import { keep, start } from './recorder.ts';

describe('recording histories of A/B tests', function () {
  this.timeout(120_000);

  it('an A/B test that is extended, refused, alarmed, continued as new and decided', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2];
    const champion = { name: 'day-ahead', generation: 1, version: 1, sha256: '1'.repeat(64) };
    stages.champion = { ...champion, since: '2026-01-01T00:00:00Z', previous: [] };
    const config = {
      ...{ test_name: 'recorded', control_model: 'day-ahead@1', treatment_model: 'day-ahead@2' },
      ...{ action: 'promote', max_duration: '7d' },
    };
    await withWorkers(stages.run, async (client) => {
      const asOf = '2019-03-01T00';
      const handle = await start(client, WORKFLOWS.abTest, workflowIds.abTest('recorded'), { config, asOf });
      const outcomes = (i: number) => ({ outcomes: [{ request: `r${i}`, value: 4 }] });
      await handle.signal(outcomesSignal, outcomes(0));
      await handle.signal(endTestSignal, { by: 7 } as object);
      await handle.executeUpdate(extendTestUpdate, { args: [{ duration: '2d', by: 'ada' }] });
      await handle.signal(clockSignal, { asOf: '2019-03-08T00' });
      for (let i = 1; i < 75; i++) await handle.executeUpdate(outcomesUpdate, { args: [outcomes(i)] });
      const first = client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId);
      await writeHistory('ab-test-continued', await first.fetchHistory());
      const won = { decision: 'promote', says: 'Promote the treatment.' } as const;
      const sampleRatio = { expected: 0.1, observed: 0.2, pValue: 1e-5, broken: true };
      stages.tests.says = { ...won, sampleRatio };
      await handle.signal(outcomesSignal, outcomes(99));
      await handle.result();
      await keep(client, 'ab-test', handle.workflowId);
    });
  });
});
