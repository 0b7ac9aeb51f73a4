import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import type { SegmentProgress, SegmentResult, TrainingSettings } from '../../src/contracts/training.ts';
import type { Home } from '../../src/lake/home.ts';
import { randomOf } from '../../src/model/random.ts';
import { readCheckpoint } from '../../src/training/recovery/checkpoint.ts';
import { checkpointsOf, stepOf } from '../../src/training/recovery/checkpoint-folder.ts';
import { JournalWriter, readJournal } from '../../src/training/recovery/journal.ts';
import { LocalRing, type LocalRun, type LocalSegment } from '../../src/training/slots/local-ring.ts';
import { stateHash } from '../../src/training/recovery/state-hash.ts';
import { segmentOf, smallHome, smallSettings } from './small-home.ts';

const STEPS = 16;
const path = new URL('./slot-on-a-full-disk.ts', import.meta.url).pathname;

describe('a ring that loses slots', () => {
  let home: Home;
  let sequences: ArtifactReference;
  let pair: LocalRing;
  /** What a ring of two comes to when nothing befalls it. */
  let undisturbed: string;
  let onProgress: (progress: SegmentProgress) => void = () => undefined;

  before(async () => {
    // Steps of some tens of milliseconds, so that there is time to kill somebody in one.
    ({ home, sequences } = await smallHome(300, 700));
    const tell = (rank: number, progress: SegmentProgress) => rank === 0 && onProgress(progress);
    pair = await LocalRing.start({ worldSize: 2, home: home.root, path, onProgress: tell });
    const { results, lost } = await pair.trainThroughFailures(segment('undisturbed'));
    assert.deepEqual(lost, { stepsLost: 0, fullRestarts: 0, restarts: 0 });
    undisturbed = await stateOf(results);
  });
  after(() => pair[Symbol.asyncDispose]());

  const segment = (runId: string, more: Partial<TrainingSettings> = {}): LocalSegment =>
    segmentOf(sequences, smallSettings({ maxSteps: STEPS, ...more }), { runId });
  const stateOf = async ([first]: SegmentResult[]) =>
    stateHash((await readCheckpoint(home, first!.checkpoint!)).optimizer);

  /** Returns when the newest ring of the run has begun this many steps. */
  async function begun(runId: string, steps: number): Promise<void> {
    while (((await readJournal(home, runId)).at(-1)?.begun ?? 0) < steps) await sleep(2);
  }

  async function checkpoints(runId: string, count: number): Promise<string[]> {
    for (;;) {
      const found = await checkpointsOf(home, runId);
      if (found.length >= count) return found;
      await sleep(2);
    }
  }

  /** Kills a slot now and then, at moments that only the seed decides. */
  async function trainKilling(ring: LocalRing, runId: string): Promise<LocalRun> {
    const size = ring.slots.length;
    const random = randomOf('kills', size);
    const training = ring.trainThroughFailures(segment(runId));
    const victims = [0, size - 1, Math.floor(size * random())];
    for (const [index, victim] of victims.entries()) {
      await begun(runId, 3 + 4 * index);
      await sleep(40 * random());
      ring.slots[victim]!.kill('SIGKILL');
    }
    const run = await training;
    assert.deepEqual([run.lost.restarts, run.lost.fullRestarts], [victims.length, 0]);
    assert.ok(run.lost.stepsLost <= victims.length, `${run.lost.stepsLost} steps lost`);
    return run;
  }

  it('ends with the same weights and moments, whenever either of two is killed', async () => {
    const { results } = await trainKilling(pair, 'killed');
    assert.equal(await stateOf(results), undisturbed);
  });

  it('ends with the same weights and moments, whenever any of three is killed', async () => {
    await using ring = await LocalRing.start({ worldSize: 3, home: home.root });
    const { results } = await trainKilling(ring, 'killed-of-three');
    const { results: others } = await ring.trainThroughFailures(segment('undisturbed-three'));
    assert.equal(await stateOf(results), await stateOf(others));
  });

  it('goes back to the newest checkpoint when all are killed at once, and counts the steps', async () => {
    const training = pair.trainThroughFailures(segment('all-at-once', { checkpointEverySteps: 4 }));
    await checkpoints('all-at-once', 1);
    for (const slot of pair.slots) slot.kill('SIGKILL');
    const { results, lost } = await training;
    const [before, after] = await readJournal(home, 'all-at-once');
    assert.equal(after!.from, 'checkpoint');
    assert.ok(after!.resumedAt >= 4 && after!.resumedAt % 4 === 0);
    const stepsLost = before!.begun - after!.resumedAt;
    assert.deepEqual(lost, { stepsLost, fullRestarts: 1, restarts: 1 });
    assert.equal(await stateOf(results), undisturbed);
  });

  it('goes on from the checkpoint before a damaged one', async () => {
    const training = pair.trainThroughFailures(segment('damaged', { checkpointEverySteps: 2 }));
    await checkpoints('damaged', 2);
    for (const slot of pair.slots) slot.kill('SIGSTOP');
    const [newest, before] = (await checkpointsOf(home, 'damaged')) as [string, string];
    // Weights that are numbers still, but other ones.
    const file = await open(home.path(newest), 'r+');
    await file.write(Buffer.from([1, 2, 3]), 0, 3, Math.floor((await file.stat()).size / 2));
    await file.close();
    for (const slot of pair.slots) slot.kill('SIGKILL');
    const { results, lost } = await training;
    const [, after] = await readJournal(home, 'damaged');
    assert.deepEqual([after!.from, after!.resumedAt], ['checkpoint', stepOf({ uri: before })]);
    assert.equal(lost.fullRestarts, 1);
    assert.equal(await stateOf(results), undisturbed);
  });

  it('trains on from memory while the disk takes no checkpoint, and ends once it does', async function () {
    if (process.platform !== 'linux') this.skip();
    const { promise: atTheEnd, resolve } = Promise.withResolvers<string>();
    onProgress = ({ step, checkpointFailure }) => {
      if (step === STEPS && checkpointFailure !== undefined) resolve(checkpointFailure);
    };
    const limitFiles = (bytes: string) =>
      execFileSync('prlimit', ['--pid', String(pair.slots[0]!.pid), `--fsize=${bytes}`]);
    // As when the disk fills up: what lies there stays, and nothing larger than the journal's entry is taken.
    limitFiles('4096:');
    const training = pair.trainThroughFailures(segment('full-disk', { checkpointEverySteps: 4 }));
    assert.match(await atTheEnd, /Cannot write .*safetensors \(EFBIG\)/);
    assert.deepEqual(await checkpointsOf(home, 'full-disk'), []);
    limitFiles('unlimited:');
    const { results, lost, epochs } = await training;
    assert.deepEqual([epochs, lost.restarts, results[0]!.step], [1, 0, STEPS]);
    assert.equal(await stateOf(results), undisturbed);
  });

  it('goes on without a slot that is paused, which keeps what it knows and is of use when it wakes', async () => {
    const timing = { aliveEveryMs: 50, silenceMs: 1000 };
    await using ring = await LocalRing.start({ worldSize: 2, home: home.root, timing });
    const training = ring.trainThroughFailures(segment('paused'));
    await begun('paused', 5);
    const [first, paused] = ring.slots as [LocalRing['slots'][0], LocalRing['slots'][0]];
    const { pid } = paused;
    paused.kill('SIGSTOP');
    // Its neighbour gives it up, then dies: only the one that wakes knows how far the run is.
    await sleep(1300);
    first.kill('SIGKILL');
    paused.kill('SIGCONT');
    const { results, lost } = await training;
    assert.equal(ring.slots[1]!.pid, pid);
    // On a machine with much else to do a link may fall silent once more.
    assert.ok(lost.restarts >= 1 && lost.stepsLost <= lost.restarts);
    assert.equal(lost.fullRestarts, 0);
    assert.equal(await stateOf(results), undisturbed);
  });

  it('goes on with a run whose process has ended with all its slots', async () => {
    for (const epoch of [1, 40]) {
      const entry = {
        epoch,
        resumedAt: 0,
        from: 'seed',
        begun: 2,
        ended: false,
        ringSize: 2,
        numerics: '',
      } as const;
      const ended = new JournalWriter(home, 'inherited', entry);
      await ended.open();
      ended.close();
    }
    const { results, lost, epochs } = await pair.trainThroughFailures(segment('inherited'));
    assert.equal(await stateOf(results), undisturbed);
    assert.deepEqual([epochs, lost.restarts, lost.stepsLost], [1, 2, 4]);
  });

  it('writes a history of every step once, whoever has written it down', async () => {
    for (const runId of ['killed', 'all-at-once', 'paused']) {
      const [newest] = await checkpointsOf(home, runId);
      const text = await readFile(home.path(newest!), 'latin1');
      const steps = [...text.matchAll(/\\"step\\":(\d+),\\"loss/g)].map(([, step]) => Number(step));
      assert.deepEqual(
        steps,
        Array.from({ length: STEPS }, (_, i) => i + 1),
        runId,
      );
    }
  });
});
