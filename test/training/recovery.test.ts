import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import type { SegmentResult, TrainingSettings } from '../../src/contracts/training.ts';
import type { Home } from '../../src/lake/home.ts';
import { layoutOf } from '../../src/model/parameters.ts';
import { randomOf } from '../../src/model/random.ts';
import { readCheckpoint } from '../../src/training/checkpoint.ts';
import { readJournal } from '../../src/training/journal.ts';
import { LocalRing, type LocalRingOptions, type LocalSegment } from '../../src/training/local-ring.ts';
import { stateHash } from '../../src/training/state-hash.ts';
import { segmentOf, smallHome, smallSettings } from './small-home.ts';

const STEPS = 16;

describe('a ring that loses slots', () => {
  let home: Home;
  let sequences: ArtifactReference;
  // Steps of some tens of milliseconds, so that there is time to kill somebody in one.
  before(async () => ({ home, sequences } = await smallHome(300, 700)));

  const segment = (runId: string, more: Partial<TrainingSettings> = {}): LocalSegment =>
    segmentOf(sequences, smallSettings({ maxSteps: STEPS, ...more }), { runId });
  const start = (worldSize: number, more: Partial<LocalRingOptions> = {}) =>
    LocalRing.start({ worldSize, home: home.root, ...more });
  const stateOf = async ([first]: SegmentResult[]) =>
    stateHash((await readCheckpoint(home, first!.checkpoint!, layoutOf)).optimizer);

  /** Returns when the newest ring of the run has begun this many steps. */
  async function begun(runId: string, steps: number): Promise<void> {
    while (((await readJournal(home, runId)).at(-1)?.begun ?? 0) < steps) await sleep(2);
  }

  for (const worldSize of [2, 3]) {
    it(`ends with the same weights, moments and steps, whenever any of ${worldSize} is killed`, async () => {
      const random = randomOf('kills', worldSize);
      const runId = `killed-${worldSize}`;
      await using ring = await start(worldSize);
      const training = ring.trainThroughFailures(segment(runId));
      const victims = [0, worldSize - 1, Math.floor(worldSize * random())];
      for (const [index, victim] of victims.entries()) {
        await begun(runId, 3 + 4 * index);
        await sleep(40 * random());
        ring.slots[victim]!.kill('SIGKILL');
      }
      const { results, lost } = await training;
      assert.equal(lost.restarts, victims.length);
      assert.equal(lost.fullRestarts, 0);
      assert.ok(lost.stepsLost <= victims.length, `${lost.stepsLost} steps lost`);
      const undisturbed = await ring.trainThroughFailures(segment(`whole-${worldSize}`));
      assert.deepEqual(undisturbed.lost, { stepsLost: 0, fullRestarts: 0, restarts: 0 });
      assert.equal(await stateOf(results), await stateOf(undisturbed.results));
    });
  }

  it('goes back to the newest checkpoint when all are killed at once, and counts the steps', async () => {
    const runId = 'all-at-once';
    await using ring = await start(2);
    const training = ring.trainThroughFailures(segment(runId, { checkpointEverySteps: 4 }));
    await begun(runId, 7);
    for (const slot of ring.slots) slot.kill('SIGKILL');
    const { results, lost } = await training;
    const [before, after] = await readJournal(home, runId);
    assert.deepEqual([after!.from, after!.resumedAt], ['checkpoint', 4]);
    assert.deepEqual(lost, { stepsLost: before!.begun - 4, fullRestarts: 1, restarts: 1 });
    const undisturbed = await ring.trainThroughFailures(segment('all-alive'));
    assert.equal(await stateOf(results), await stateOf(undisturbed.results));
  });

  it('goes on without a slot that is paused, which keeps what it knows and is of use when it wakes', async () => {
    const runId = 'paused';
    const timing = { aliveEveryMs: 50, silenceMs: 500 };
    await using ring = await start(2, { timing });
    const training = ring.trainThroughFailures(segment(runId));
    await begun(runId, 5);
    const [first, paused] = ring.slots as [LocalRing['slots'][0], LocalRing['slots'][0]];
    const { pid } = paused;
    paused.kill('SIGSTOP');
    // Its neighbour gives it up, and dies: only the one that wakes knows how far the run is.
    await sleep(700);
    first.kill('SIGKILL');
    paused.kill('SIGCONT');
    const { results, lost } = await training;
    assert.equal(ring.slots[1]!.pid, pid);
    assert.deepEqual([lost.restarts, lost.fullRestarts], [1, 0]);
    assert.ok(lost.stepsLost <= 1);
    const undisturbed = await ring.trainThroughFailures(segment('never-paused'));
    assert.equal(await stateOf(results), await stateOf(undisturbed.results));
  });

  it('writes a history of every step once, whoever has written it down', async () => {
    const runs = await Promise.all(
      ['killed-2', 'paused'].map(async (runId) => {
        const journal = await readJournal(home, runId);
        const uri = `checkpoints/${runId}/${STEPS}-${journal.at(-1)!.epoch}.safetensors`;
        const text = await readFile(home.path(uri), 'latin1');
        return [...text.matchAll(/\\"step\\":(\d+),\\"loss/g)].map(([, step]) => Number(step));
      }),
    );
    const every = Array.from({ length: STEPS }, (_, i) => i + 1);
    assert.deepEqual(runs, [every, every]);
  });
});
