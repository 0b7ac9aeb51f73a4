import assert from 'node:assert/strict';
import { CancelledFailure } from '@temporalio/common';
import { rootFailure } from '../../src/temporal/failures.ts';
import { pauseSignal, resumeSignal, stopSignal, trainingStatusQuery } from '../../src/temporal/messages.ts';
import { fakeSlot, registerSlots, segmentResultOf, untilStopped } from '../support/fake-slots.ts';
import { FakeStages, reference } from '../support/fake-stages.ts';
import { withWorkers } from '../support/temporal.ts';
import { leasesOf, progressAt, startTraining, TRAINING_INPUT } from '../support/trainings.ts';
import { until } from '../support/until.ts';

describe('ringTrainingWorkflow', () => {
  it('introduces the slots to each other, trains, and gives them back', async () => {
    const slots = [fakeSlot(1), fakeSlot(2)];
    const stages = new FakeStages();
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const result = await (await startTraining(client, 'plain')).result();
        assert.deepEqual([result.restarts, result.stepsLost, result.slotMemoryMb], [0, 0, [100, 101]]);
        const [first] = slots[0]!.segments;
        const [second] = slots[1]!.segments;
        assert.deepEqual([first!.rank, second!.rank, first!.worldSize], [0, 1, 2]);
        assert.deepEqual(first!.peers, second!.peers);
        assert.equal(first!.peers[1]!.address, `127.0.0.1:2/r1/${first!.epoch}`);
        await until(async () => (await leasesOf(client)).length === 0);
      },
      slots,
    );
  });

  it('waits for slots, and says so', async () => {
    const slots = [fakeSlot(1), fakeSlot(2)];
    await withWorkers(
      new FakeStages().run,
      async (client) => {
        await registerSlots(client, [1]);
        const handle = await startTraining(client, 'waiting');
        await until(async () => (await handle.query(trainingStatusQuery)).state === 'waiting for slots');
        await registerSlots(client, [2]);
        await handle.result();
      },
      slots,
    );
  });

  it('goes on with fewer slots where it may, and says that bits may differ', async () => {
    const train: Parameters<typeof fakeSlot>[1] = async (segment, signal, report) => {
      report(progressAt(1));
      return segment.peers.length === 2 && segment.rank === 1
        ? segmentResultOf(segment)
        : untilStopped(segment, signal, report);
    };
    const slots = [fakeSlot(1, train), fakeSlot(2, train)];
    const stages = new FakeStages();
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1]);
        const handle = await startTraining(client, 'elastic', {
          ...TRAINING_INPUT,
          settings: { elastic: true },
        });
        let waitingFor: string | null = null;
        await until(async () => {
          ({ waitingFor } = await handle.query(trainingStatusQuery));
          return waitingFor !== null;
        });
        assert.match(waitingFor!, /waiting for 2 slots: of 1 known 1 suit and 1 are free/);
        await until(() => slots[0]!.segments.length === 1);
        const [segment] = slots[0]!.segments;
        assert.deepEqual([segment!.worldSize, segment!.settings.ringSize], [1, 2]);
        assert.equal((await handle.query(trainingStatusQuery)).bitsMayDiffer, true);
        stages.saved = { checkpoint: reference('saved'), step: 4, secondsUsed: 2 };
        await handle.signal(stopSignal);
        assert.equal((await handle.result()).bitsMayDiffer, true);
      },
      slots,
    );
  });

  it('waits for slots that compute as the run began, and says whom it passes over', async () => {
    const stages = new FakeStages({
      planTraining: () => ({
        runId: 'r1',
        result: null,
        checkpoint: reference('saved'),
        step: 4,
        secondsUsed: 1,
        numerics: 'native',
        stepsTaken: 4,
        stepsLost: 0,
        fullRestarts: 0,
        restarts: 0,
      }),
    });
    const slots = [fakeSlot(1), fakeSlot(2)];
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await startTraining(client, 'other-numerics');
        await until(async () => (await handle.query(trainingStatusQuery)).waitingFor !== null);
        const { waitingFor } = await handle.query(trainingStatusQuery);
        assert.match(waitingFor!, /ring-slot\/test\/1 computes with wasm, the run began with native/);
        await registerSlots(client, [1, 2], 's2', 'native');
        await handle.result();
      },
      slots,
    );
  });

  it('lets go of its slots while it is paused, and makes a model of what there is when stopped', async () => {
    const stages = new FakeStages();
    stages.saved = { checkpoint: reference('saved'), step: 4, secondsUsed: 2 };
    const slots = [fakeSlot(1, untilStopped), fakeSlot(2, untilStopped)];
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await startTraining(client, 'paused');
        const segments = slots[1]!.segments;
        await until(() => segments.length === 1);
        await handle.signal(pauseSignal);
        await until(async () => (await handle.query(trainingStatusQuery)).state === 'paused');
        await until(async () => (await leasesOf(client)).length === 0);
        await handle.signal(resumeSignal);
        await until(() => segments.length === 2);
        await handle.signal(stopSignal);
        const result = await handle.result();
        assert.equal(result.restarts, 0);
        const [finish] = stages.asked('finishTraining') as { checkpoint: unknown; results: unknown[] }[];
        assert.deepEqual(finish!.checkpoint, reference('saved'));
        assert.equal(finish!.results.length, 2);
      },
      slots,
    );
  });

  it('tells step, loss, speed and memory while it trains', async () => {
    const train: Parameters<typeof fakeSlot>[1] = (segment, signal, report) => {
      report({ ...progressAt(40), memoryMb: 120 + segment.rank });
      return untilStopped(segment, signal, report);
    };
    const slots = [fakeSlot(1, train), fakeSlot(2, train)];
    await withWorkers(
      new FakeStages().run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await startTraining(client, 'status');
        await until(async () => (await handle.query(trainingStatusQuery)).slotMemoryMb.length === 2);
        await until(async () => (await handle.query(trainingStatusQuery)).progress !== null);
        const status = await handle.query(trainingStatusQuery);
        assert.deepEqual(status.slotMemoryMb, [120, 121]);
        assert.equal(status.progress?.step, 40);
        assert.equal(status.secondsLeft, 60, '60 steps of 1 s come before 160 s of budget');
        assert.deepEqual(
          status.slots.map(({ queue, step, shares }) => [queue, step, shares?.compute]),
          [
            ['ring-slot/test/1', 40, 0.9],
            ['ring-slot/test/2', 40, 0.9],
          ],
        );
        const { currentDetails } = await handle.query<{ currentDetails: string }>(
          '__temporal_workflow_metadata',
        );
        assert.match(
          currentDetails,
          /\*\*training\*\*[^]*40 of 100[^]*1 min 0 s[^]*ring-slot\/test\/2[^]*90 %/,
        );
      },
      slots,
    );
  });

  it('shows after its end where each slot ended, not the last that was heard on the way', async () => {
    const train: Parameters<typeof fakeSlot>[1] = async (segment, _, report) => {
      report(progressAt(3));
      // The news of this step reach the run before the segment's result does.
      await until(() => Promise.resolve(heard()));
      return segmentResultOf(segment);
    };
    let heard = () => false;
    const slots = [fakeSlot(1, train), fakeSlot(2, train)];
    await withWorkers(
      new FakeStages().run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await startTraining(client, 'ended');
        await until(async () => {
          const status = await handle.query(trainingStatusQuery);
          return status.slots.length === 2 && status.slots.every(({ step }) => step === 3);
        });
        heard = () => true;
        await handle.result();
        const { state, progress, secondsLeft, slots: shown } = await handle.query(trainingStatusQuery);
        assert.deepEqual([state, progress?.step, progress?.loss, secondsLeft], ['done', 10, 0.5, null]);
        assert.deepEqual(
          shown.map(({ step }) => step),
          [10, 10],
        );
      },
      slots,
    );
  });

  it('gives its slots back when it is cancelled', async () => {
    const slots = [fakeSlot(1, untilStopped), fakeSlot(2, untilStopped)];
    await withWorkers(
      new FakeStages().run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await startTraining(client, 'cancelled');
        await until(() => slots[1]!.segments.length === 1);
        await handle.cancel();
        await assert.rejects(handle.result(), ({ cause }) => cause instanceof CancelledFailure);
        await until(async () => (await leasesOf(client)).length === 0);
      },
      slots,
    );
  });

  it('refuses a wrong input, by the name of the field', async () => {
    await withWorkers(new FakeStages().run, async (client) => {
      for (const [input, field] of [
        [{}, /sequences/],
        [{ ...TRAINING_INPUT, settings: { ringSize: 9 } }, /settings\.ringSize/],
      ] as const) {
        const handle = await startTraining(client, `wrong-${field.source.length}`, input);
        await assert.rejects(handle.result(), (error) => field.test((rootFailure(error) as Error).message));
      }
    });
  });
});
