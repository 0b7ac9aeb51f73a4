import type { Client } from '@temporalio/client';
import { RingBrokenError, SourceFaultError } from '../../src/errors.ts';
import {
  drainSignal,
  pauseSignal,
  promoteSignal,
  resumeSignal,
  rollbackSignal,
  stopSignal,
  trainingStatusQuery,
} from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import {
  fakeSlot,
  registerSlots,
  segmentResultOf,
  untilReleased,
  untilStopped,
} from '../support/fake-slots.ts';
import { FakeStages, reference } from '../support/fake-stages.ts';
import { withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { writeHistory } from './histories.ts';

// Records the histories anew: `mocha test/replay/record.ts`. Only after a change that breaks the old ones on purpose;
// runs that are under way when such a change is deployed cannot go on.

async function keep(client: Client, name: string, workflowId: string): Promise<void> {
  await writeHistory(name, await client.workflow.getHandle(workflowId).fetchHistory());
}

const start = (client: Client, type: string, workflowId: string, ...args: unknown[]) =>
  client.workflow.start(type, { workflowId, taskQueue: PIPELINE_QUEUE, args });

describe('recording histories', function () {
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

  it('a training that breaks, pauses, resumes and is stopped', async () => {
    const stages = new FakeStages();
    stages.saved = { checkpoint: reference('saved'), step: 4, secondsUsed: 2 };
    let broken = false;
    const train: Parameters<typeof fakeSlot>[1] = async (segment, signal, report) => {
      if (segment.rank === 0) return untilStopped(segment, signal, report);
      if (broken) return untilStopped(segment, signal, report);
      broken = true;
      throw new RingBrokenError('The link is gone.', 'The ring is formed anew.');
    };
    const slots = [fakeSlot(1, train), fakeSlot(2, train), fakeSlot(3, async (s) => segmentResultOf(s))];
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await start(client, WORKFLOWS.ringTraining, 'ring-training/broken', {
          sequences: reference('sequences'),
        });
        const state = async () => (await handle.query(trainingStatusQuery)).state;
        await until(() => slots[1]!.segments.length === 2);
        await handle.signal(pauseSignal);
        await until(async () => (await state()) === 'paused');
        await handle.signal(resumeSignal);
        await until(() => slots[1]!.segments.length === 3);
        await handle.signal(stopSignal);
        await handle.result();
        await keep(client, 'ring-training-broken', handle.workflowId);
      },
      slots,
    );
  });

  it('a training that loses a slot to silence, has another replaced, and goes on with one', async () => {
    const stages = new FakeStages();
    const silent = untilReleased();
    const train: Parameters<typeof fakeSlot>[1] = async (segment, signal, report) => {
      if (segment.peers.length > 1) return untilStopped(segment, signal, report);
      return segmentResultOf(segment);
    };
    const slots = [fakeSlot(1, train), fakeSlot(2, silent.train), fakeSlot(3, train)];
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await start(client, WORKFLOWS.ringTraining, 'ring-training/replaced', {
          sequences: reference('sequences'),
          settings: { elastic: true },
        });
        await silent.started;
        await registerSlots(client, [3]);
        // Slot 1 is known to have died; slot 2 says nothing any more.
        await registerSlots(client, [1], 's2');
        await until(() => slots[2]!.segments.length === 1);
        await client.workflow
          .getHandle(workflowIds.slotPool('default'))
          .signal(drainSignal, { queue: slots[0]!.queue, drain: true });
        await registerSlots(client, [1], 's3');
        await handle.result();
        silent.release();
        await keep(client, 'ring-training-replaced', handle.workflowId);
        await keep(client, 'slot-pool-replaced', workflowIds.slotPool('default'));
      },
      slots,
    );
  });
});
