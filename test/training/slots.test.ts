import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from '../../src/lake/home.ts';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { layoutOf } from '../../src/model/parameters.ts';
import { checkpointsOf, readCheckpoint } from '../../src/training/checkpoint.ts';
import { LocalRing, type RankOutcome } from '../../src/training/local-ring.ts';
import { newestCheckpoint } from '../../src/training/newest-checkpoint.ts';
import { contextOf, segmentOf, smallHome, smallSettings } from './small-home.ts';

const failureOf = (outcome: RankOutcome) => ('failure' in outcome ? outcome.failure : undefined);
const resultOf = (outcome: RankOutcome) => {
  assert.ok('result' in outcome, JSON.stringify(outcome));
  return outcome.result;
};

/** Resolves at the first progress of rank 0, with the function to hand to the ring. */
function firstProgress() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { started: promise, onProgress: (rank: number) => rank === 0 && resolve() };
}

describe('slot processes', () => {
  let home: Home;
  let sequences: ArtifactReference;
  // Steps of some tens of milliseconds, so that there is time to break in.
  before(async () => ({ home, sequences } = await smallHome(300, 700)));

  const weightsAfter = async (outcomes: RankOutcome[]) => {
    const { checkpoint } = resultOf(outcomes[0]!);
    return (await readCheckpoint(home, checkpoint!, layoutOf)).optimizer.weights;
  };

  it('go on from the last checkpoint with a replacement when one is killed, to the very same weights', async () => {
    const settings = smallSettings({ maxSteps: 12, checkpointEverySteps: 2, ringSize: 3 });
    const segment = segmentOf(sequences, settings, { runId: 'killed' });
    await using ring = await LocalRing.start({ worldSize: 3, home: home.root });
    const broken = ring.train(segment, 1);
    while ((await checkpointsOf(home, 'killed')).length === 0) await sleep(5);
    ring.slots[1]!.process.kill('SIGKILL');
    const outcomes = await broken;
    assert.deepEqual(
      outcomes.map((outcome) => failureOf(outcome)?.name),
      ['RingBrokenError', 'RingBrokenError', 'RingBrokenError'],
    );
    assert.equal(failureOf(outcomes[0]!)!.retryable, true);

    await ring.replace(1);
    const { checkpoint } = await newestCheckpoint(contextOf(home), 'killed');
    assert.ok(checkpoint);
    const healed = await ring.train({ ...segment, checkpoint }, 2);
    assert.ok(healed.every((outcome) => resultOf(outcome).finished));
    const undisturbed = await ring.train({ ...segment, runId: 'undisturbed' }, 1);
    assert.deepEqual(await weightsAfter(healed), await weightsAfter(undisturbed));
  });

  it('stop at a step boundary with a checkpoint when asked, and drop the step when aborted', async () => {
    const segment = segmentOf(sequences, smallSettings({ maxSteps: 100_000 }), { runId: 'stopped' });
    const { started, onProgress } = firstProgress();
    await using ring = await LocalRing.start({ worldSize: 2, home: home.root, onProgress });
    const running = ring.train(segment, 1);
    await started;
    ring.slots[0]!.tell({ kind: 'stop' });
    const stopped = (await running).map(resultOf);
    assert.deepEqual(
      stopped.map(({ finished }) => finished),
      [false, false],
    );
    assert.equal(stopped[0]!.step, stopped[1]!.step);

    const again = ring.train({ ...segment, checkpoint: stopped[0]!.checkpoint! }, 2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    ring.slots[1]!.tell({ kind: 'abort' });
    const names = (await again).map((outcome) => failureOf(outcome)?.name);
    assert.deepEqual(names, ['RingBrokenError', 'SegmentAbortedError']);
  });

  it('notice a neighbour that is paused, not only one that is gone', async () => {
    const segment = segmentOf(sequences, smallSettings({ maxSteps: 100_000 }), { runId: 'paused' });
    const { started, onProgress } = firstProgress();
    await using ring = await LocalRing.start({ worldSize: 2, home: home.root, onProgress });
    const running = ring.train(segment, 1);
    await started;
    const paused = ring.slots[1]!.process;
    paused.kill('SIGSTOP');
    const first = ring.slots[0]!;
    const failed = once(first.process, 'message');
    const [message] = (await failed) as [{ kind: string; error?: { message: string } }];
    // Progress of the step in hand may still come before the silence is noticed.
    const last =
      message.kind === 'progress' ? ((await once(first.process, 'message')) as [typeof message])[0] : message;
    assert.equal(last.kind, 'failed');
    assert.match(last.error!.message, /rank 1: it has been silent for 8\.0 s/);
    paused.kill('SIGKILL');
    await running;
  });

  it('refuse a segment of an epoch that they were not asked to listen for', async () => {
    await using ring = await LocalRing.start({ worldSize: 1, home: home.root });
    const [slot] = ring.slots;
    await slot!.listen({ kind: 'listen', runId: 'run', epoch: 2, token: 'secret' });
    const segment = { ...segmentOf(sequences, smallSettings()), epoch: 1, rank: 0, worldSize: 1, peers: [] };
    const outcome = await slot!.train({ kind: 'train', home: home.root, segment }, () => undefined);
    assert.equal(failureOf(outcome)?.name, 'BadInputError');
  });

  it('end when their parent does', async () => {
    await using ring = await LocalRing.start({ worldSize: 1, home: home.root });
    const { process: child } = ring.slots[0]!;
    const exited = once(child, 'exit');
    child.disconnect();
    assert.deepEqual(await exited, [0, null]);
  });
});
