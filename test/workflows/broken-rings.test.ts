import assert from 'node:assert/strict';
import type { SegmentNews } from '../../src/contracts/progress.ts';
import { RingBrokenError, StorageError } from '../../src/errors.ts';
import { rootFailure } from '../../src/temporal/failures.ts';
import { segmentNewsSignal, stopSignal, trainingStatusQuery } from '../../src/temporal/messages.ts';
import { workflowIds } from '../../src/temporal/names.ts';
import {
  fakeSlot,
  registerSlots,
  segmentResultOf,
  untilReleased,
  untilStopped,
} from '../support/fake-slots.ts';
import { FakeStages, reference } from '../support/fake-stages.ts';
import { withWorkers } from '../support/temporal.ts';
import { leasesOf, progressAt, startTraining, TRAINING_INPUT } from '../support/trainings.ts';
import { until } from '../support/until.ts';

const ALONE = { ...TRAINING_INPUT, settings: { ringSize: 1 } };

describe('ringTrainingWorkflow, when a ring breaks', () => {
  it('keeps its slots when the ring breaks, and goes on from what lies on disk by then', async () => {
    const stages = new FakeStages();
    let broken = false;
    const held: string[][] = [];
    const train: Parameters<typeof fakeSlot>[1] = async (segment, signal, report) => {
      if (segment.rank === 1 && !broken) {
        broken = true;
        report(progressAt(8));
        stages.saved = { checkpoint: reference('at-step-5'), step: 5, secondsUsed: 9 };
        stages.lost = { stepsLost: 3, fullRestarts: 0, restarts: 1 };
        throw new RingBrokenError('The link to rank 0 is gone.', 'The ring is formed anew.');
      }
      return segment.checkpoint ? segmentResultOf(segment) : untilStopped(segment, signal, report);
    };
    const slots = [fakeSlot(1, train), fakeSlot(2, train)];
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const listen = slots[0]!.slot.listen;
        slots[0]!.slot.listen = async (...args) => {
          held.push((await leasesOf(client)).map(({ requestId }) => requestId));
          return listen(...args);
        };
        const handle = await startTraining(client, 'broken');
        const result = await handle.result();
        assert.deepEqual([result.restarts, result.stepsLost], [1, 3], 'as the journal says');
        const [before, after] = slots[0]!.segments;
        assert.ok(after!.epoch > before!.epoch);
        assert.deepEqual(after!.checkpoint, reference('at-step-5'));
        assert.equal(after!.secondsUsed, 9);
        assert.equal(held[0]!.length, 1);
        assert.deepEqual(held[0], held[1], 'the same lease');
        // The server takes a second for the shortest of timers.
        const { events } = await handle.fetchHistory();
        const lengths = events!.flatMap(
          ({ timerStartedEventAttributes: timer }) => timer?.startToFireTimeout ?? [],
        );
        assert.ok(!lengths.some(({ seconds, nanos }) => !Number(seconds) && (nanos ?? 0) < 1e9 / 2));
      },
      slots,
    );
  });

  it('replaces a slot that falls silent, and keeps the others in their ranks', async () => {
    const silent = untilReleased();
    const broken: Parameters<typeof fakeSlot>[1] = async (segment) => {
      if (segment.peers.some(({ queue }) => queue.endsWith('/2'))) {
        throw new RingBrokenError('The link to rank 1 is gone.', 'The ring is formed anew.');
      }
      return segmentResultOf(segment);
    };
    const slots = [fakeSlot(1, broken), fakeSlot(2, silent.train), fakeSlot(3, broken), fakeSlot(4)];
    await withWorkers(
      new FakeStages().run,
      async (client) => {
        await registerSlots(client, [1, 2, 3, 4]);
        await (
          await startTraining(client, 'silent', { ...TRAINING_INPUT, settings: { ringSize: 3 } })
        ).result();
        const ranks = slots.map(({ segments }) => segments.map(({ rank }) => rank));
        silent.release();
        assert.deepEqual(ranks, [[0, 0], [1], [2, 2], [1]]);
      },
      slots,
    );
  });

  it('does not wait for the heartbeat of a slot whose process has started anew', async () => {
    const silent = untilReleased();
    let lives = 0;
    const train: Parameters<typeof fakeSlot>[1] = (...args) =>
      ++lives === 1 ? silent.train(...args) : Promise.resolve(segmentResultOf(args[0]));
    const slots = [fakeSlot(1, train)];
    await withWorkers(
      new FakeStages().run,
      async (client) => {
        await registerSlots(client, [1]);
        const handle = await startTraining(client, 'restarted', ALONE);
        await silent.started;
        await registerSlots(client, [1], 's2');
        await handle.result();
        silent.release();
        const history = await handle.fetchHistory();
        assert.ok(history.events!.every(({ activityTaskTimedOutEventAttributes: timedOut }) => !timedOut));
      },
      slots,
    );
  });

  it('goes on without a slot that nobody serves any more', async () => {
    // Slot 1 is known to the pool, but no worker polls its queue.
    const slots = [fakeSlot(2), fakeSlot(3)];
    await withWorkers(
      new FakeStages().run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await startTraining(client, 'unserved');
        await until(async () => (await handle.query(trainingStatusQuery)).lastFailure !== null);
        await registerSlots(client, [3]);
        await handle.result();
        assert.deepEqual(
          slots.map(({ segments }) => segments.map(({ rank }) => rank)),
          [[1], [0]],
        );
      },
      slots,
    );
  });

  it('ends at once where no retry helps, with the reason', async () => {
    const full: Parameters<typeof fakeSlot>[1] = async (segment, signal, report) => {
      if (segment.rank === 0) return untilStopped(segment, signal, report);
      throw new StorageError('Cannot write checkpoints (ENOSPC).', 'Free some space.');
    };
    const slots = [fakeSlot(1, full), fakeSlot(2, full)];
    await withWorkers(
      new FakeStages().run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        await assert.rejects((await startTraining(client, 'full')).result(), (error) => {
          assert.match((rootFailure(error) as Error).message, /ENOSPC.*Free some space/);
          return true;
        });
        await until(async () => (await leasesOf(client)).length === 0);
      },
      slots,
    );
  });

  it('goes on as long as its rings take steps, however often it falls back to a checkpoint', async () => {
    const stages = new FakeStages();
    stages.saved = { checkpoint: reference('at-step-5'), step: 5, secondsUsed: 9 };
    let rings = 0;
    const train: Parameters<typeof fakeSlot>[1] = async (segment) => {
      if (++rings === 7) return segmentResultOf(segment);
      // The journal knows of one more step; the run is never farther than it once was.
      stages.stepsTaken += 1;
      throw new RingBrokenError('The slot was killed.', 'The ring is formed anew.');
    };
    const slots = [fakeSlot(1, train)];
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1]);
        const handle = await startTraining(client, 'falls-back', ALONE);
        await handle.result();
        const { segments } = slots[0]!;
        assert.equal(segments.length, 7);
        assert.ok(segments.every(({ checkpoint }) => checkpoint?.uri === reference('at-step-5').uri));
      },
      slots,
    );
  });

  it('goes on as long as it hears of steps, also where the disk takes no journal', async () => {
    let rings = 0;
    const train: Parameters<typeof fakeSlot>[1] = async (segment) => {
      if (++rings === 7) return segmentResultOf(segment);
      for (const step of [6, 7]) await tell({ epoch: segment.epoch, rank: 0, progress: progressAt(step) });
      throw new RingBrokenError('The slot was killed.', 'The ring is formed anew.');
    };
    let tell: (news: SegmentNews) => Promise<void>;
    const slots = [fakeSlot(1, train)];
    await withWorkers(
      new FakeStages().run,
      async (client) => {
        const handle = client.workflow.getHandle(workflowIds.ringTraining('heard'));
        tell = (news) => handle.signal(segmentNewsSignal, news);
        await registerSlots(client, [1]);
        await (await startTraining(client, 'heard', ALONE)).result();
        assert.equal(slots[0]!.segments.length, 7);
      },
      slots,
    );
  });

  it('makes a model of what there is when it is stopped, however often its ring has broken', async () => {
    const stages = new FakeStages();
    stages.saved = { checkpoint: reference('saved'), step: 4, secondsUsed: 2 };
    let rings = 0;
    const train: Parameters<typeof fakeSlot>[1] = async () => {
      if (++rings === 5) await stop();
      throw new RingBrokenError('The slot was killed.', 'The ring is formed anew.');
    };
    let stop: () => Promise<void>;
    const slots = [fakeSlot(1, train)];
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1]);
        const handle = await startTraining(client, 'stopped-fruitless', ALONE);
        stop = () => handle.signal(stopSignal);
        await handle.result();
        const [finish] = stages.asked('finishTraining') as { checkpoint: unknown }[];
        assert.deepEqual(finish!.checkpoint, reference('saved'));
      },
      slots,
    );
  });

  it('gives up on a ring that breaks again and again without gaining a step', async () => {
    const stages = new FakeStages();
    // What it once had gained; back at a checkpoint it says where it is, and gets no farther.
    stages.saved = { checkpoint: reference('at-step-5'), step: 5, secondsUsed: 9 };
    stages.stepsTaken = 30;
    const train: Parameters<typeof fakeSlot>[1] = async (_segment, _signal, report) => {
      report(progressAt(5));
      throw new RingBrokenError('The numerics differ.', 'The ring is formed anew.');
    };
    const slots = [fakeSlot(1, train)];
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1]);
        const handle = await startTraining(client, 'hopeless', ALONE);
        await assert.rejects(handle.result(), (error) => {
          assert.match((rootFailure(error) as Error).message, /5 times in a row.*numerics differ/);
          return true;
        });
        assert.equal(slots[0]!.segments.length, 5);
      },
      slots,
    );
  });

  it('gives up on slots that fail before their ring forms', async () => {
    const slots = [fakeSlot(1)];
    slots[0]!.slot.listen = () =>
      Promise.reject(new RingBrokenError('The process cannot start.', 'It is tried again.'));
    await withWorkers(
      new FakeStages().run,
      async (client) => {
        await registerSlots(client, [1]);
        const handle = await startTraining(client, 'never-forms', ALONE);
        await assert.rejects(handle.result(), (error) => {
          assert.match((rootFailure(error) as Error).message, /5 times in a row.*process cannot start/);
          return true;
        });
      },
      slots,
    );
  });
});
