import { SourceFaultError } from '../../../src/errors.ts';
import { pauseSignal, promoteSignal, resumeSignal, rollbackSignal } from '../../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../../src/temporal/names.ts';
import { fakeSlot, registerSlots } from '../../support/fake-slots.ts';
import { CSV_INPUT, FakeSeriesStages } from '../../support/fake-series.ts';
import { FakeStages } from '../../support/fake-stages.ts';
import { withWorkers } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { keep, start } from './recorder.ts';

describe('recording histories of pipelines', function () {
  this.timeout(120_000);

  it('a pipeline with its ingestion, its pool and its model', async () => {
    const stages = new FakeStages();
    const fetch = stages.table.ingestWindow;
    let faults = 0;
    stages.table.ingestWindow = (...args) => {
      if (faults++ === 0) throw new SourceFaultError('HTTP 503.', 'It is tried again.');
      return fetch(...args);
    };
    const slots = [fakeSlot(1), fakeSlot(2)];
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const first = await start(client, WORKFLOWS.forecastingPipeline, 'forecasting/day-ahead/r1', {});
        await first.result();
        await keep(client, 'forecasting-pipeline', first.workflowId);
        await keep(client, 'ingestion', 'ingestion/PACW+ERCO+CAL+CISO+MISO/first..last');
        await keep(client, 'ring-training', 'ring-training/day-ahead/r1');
        await keep(client, 'slot-pool', workflowIds.slotPool('default'));
        const model = client.workflow.getHandle(workflowIds.model('day-ahead'));
        await model.signal(promoteSignal, { version: 9 });
        stages.versions.push(2);
        await model.signal(promoteSignal, { version: 2 });
        await model.signal(rollbackSignal, {});
        await until(() => stages.history.length === 5);
        await keep(client, 'model-lifecycle', model.workflowId);
        const second = await client.workflow.signalWithStart(WORKFLOWS.forecastingPipeline, {
          workflowId: 'forecasting/day-ahead/r2',
          taskQueue: PIPELINE_QUEUE,
          args: [{}],
          signal: pauseSignal,
        });
        await second.signal(resumeSignal);
        await second.result();
        await keep(client, 'forecasting-pipeline-again', second.workflowId);
      },
      slots,
    );
  });

  it("a person's own series, paused before its first stage and trained on a ring", async () => {
    const stages = new FakeSeriesStages();
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await client.workflow.signalWithStart(WORKFLOWS.seriesPipeline, {
          workflowId: 'series/mine',
          taskQueue: PIPELINE_QUEUE,
          args: [CSV_INPUT],
          signal: pauseSignal,
        });
        await handle.signal(resumeSignal);
        await handle.result();
        await keep(client, 'series-pipeline', handle.workflowId);
      },
      [fakeSlot(1), fakeSlot(2)],
    );
  });
});
