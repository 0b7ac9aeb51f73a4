import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from '../../src/lake/home.ts';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { RingwattError } from '../../src/errors.ts';
import { LocalRing, type RankOutcome } from '../../src/training/local-ring.ts';
import { segmentOf, smallHome, smallSettings } from './small-home.ts';

const failureOf = (outcome: RankOutcome) => ('failure' in outcome ? outcome.failure : undefined);
const resultOf = (outcome: RankOutcome) => {
  assert.ok('result' in outcome, JSON.stringify(outcome));
  return outcome.result;
};

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
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

  it('stop at a step boundary with a checkpoint when asked, and drop the step when aborted', async () => {
    const segment = segmentOf(sequences, smallSettings({ maxSteps: 100_000 }), { runId: 'stopped' });
    const { started, onProgress } = firstProgress();
    await using ring = await LocalRing.start({ worldSize: 2, home: home.root, onProgress });
    const running = ring.train(segment, 1);
    await started;
    ring.slots[0]!.tell({ kind: 'stop', epoch: 1 });
    const stopped = (await running).map(resultOf);
    assert.deepEqual(
      stopped.map(({ finished }) => finished),
      [false, false],
    );
    assert.equal(stopped[0]!.step, stopped[1]!.step);

    const again = ring.train({ ...segment, checkpoint: stopped[0]!.checkpoint! }, 2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    ring.slots[1]!.tell({ kind: 'abort', epoch: 2 });
    const failures = (await again).map(failureOf);
    assert.deepEqual(
      failures.map((error) => error?.name),
      ['RingBrokenError', 'SegmentAbortedError'],
    );
    assert.ok(failures.every((error) => error instanceof RingwattError && error.retryable));
  });

  it('refuse a segment of an epoch that they were not asked to listen for', async () => {
    await using ring = await LocalRing.start({ worldSize: 1, home: home.root });
    const slot = ring.slots[0]!;
    await slot.listen({ runId: 'run', epoch: 2, token: 'secret' });
    const segment = { ...segmentOf(sequences, smallSettings()), epoch: 1, rank: 0, worldSize: 1, peers: [] };
    await assert.rejects(
      slot.train(home.root, segment, () => undefined),
      { name: 'BadInputError' },
    );
  });

  it('do not wait for neighbours that will not come when they are told to stop', async () => {
    await using ring = await LocalRing.start({ worldSize: 1, home: home.root });
    const slot = ring.slots[0]!;
    const address = await slot.listen({ runId: 'run', epoch: 2, token: 'secret' });
    const peers = [0, 1].map((rank) => ({ rank, queue: `${rank}`, address }));
    const segment = { ...segmentOf(sequences, smallSettings()), epoch: 2, rank: 1, worldSize: 2, peers };
    await assert.rejects(
      slot.train(home.root, segment, () => undefined, AbortSignal.timeout(50)),
      { name: 'SegmentAbortedError' },
    );
  });

  it('end when their parent does', async () => {
    const parent = spawn(process.execPath, [new URL('./parent-of-a-slot.ts', import.meta.url).pathname], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    assert.ok(isAlive(pid));
    parent.kill('SIGKILL');
    while (isAlive(pid)) await sleep(10);
  });
});
