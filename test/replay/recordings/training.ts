import { RingBrokenError } from '../../../src/errors.ts';
import {
  drainSignal,
  pauseSignal,
  resumeSignal,
  stopSignal,
  trainingStatusQuery,
} from '../../../src/temporal/messages.ts';
import { WORKFLOWS, workflowIds } from '../../../src/temporal/names.ts';
import {
  fakeSlot,
  registerSlots,
  segmentResultOf,
  untilReleased,
  untilStopped,
} from '../../support/fake-slots.ts';
import { FakeStages, reference } from '../../support/fake-stages.ts';
import { withWorkers } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { keep, start } from './recorder.ts';

describe('recording histories of training', function () {
  this.timeout(120_000);

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
