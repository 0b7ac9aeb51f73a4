import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from '../../src/lake/home.ts';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { RingwattError } from '../../src/errors.ts';
import { LocalRing, type RankOutcome } from '../../src/training/slots/local-ring.ts';
import { SlotClient } from '../../src/training/slots/slot-client.ts';
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

/** Hears when a ring has done a step: `next()` resolves at the next word of rank 0. */
class Watcher {
  #next = Promise.withResolvers<void>();
  readonly onProgress = (rank: number) => rank === 0 && this.#next.resolve();

  next(): Promise<void> {
    this.#next = Promise.withResolvers();
    return this.#next.promise;
  }
}

describe('slot processes', () => {
  let home: Home;
  let sequences: ArtifactReference;
  // Steps of some tens of milliseconds, so that there is time to break in.
  before(async () => ({ home, sequences } = await smallHome(300, 700)));

  it('stop at a step boundary with a checkpoint when asked, and drop the step when aborted', async () => {
    const segment = segmentOf(sequences, smallSettings({ maxSteps: 100_000 }), { runId: 'stopped' });
    const watcher = new Watcher();
    const { onProgress } = watcher;
    await using ring = await LocalRing.start({ worldSize: 2, home: home.root, onProgress });
    const running = ring.train(segment, 1);
    await watcher.next();
    ring.slots[0]!.tell({ kind: 'stop', epoch: 1 });
    const stopped = (await running).map(resultOf);
    assert.deepEqual(
      stopped.map(({ finished }) => finished),
      [false, false],
    );
    assert.equal(stopped[0]!.step, stopped[1]!.step);

    const again = ring.train({ ...segment, checkpoint: stopped[0]!.checkpoint! }, 2);
    await watcher.next();
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
      { name: 'RingBrokenError', retryable: true },
    );
  });

  it('meet the newest ring when they are asked for several while a step is in hand', async () => {
    await using ring = await LocalRing.start({ worldSize: 1, home: home.root });
    const slot = ring.slots[0]!;
    const segment = segmentOf(sequences, smallSettings({ maxSteps: 3 }), { runId: 'overtaken' });
    const train = (epoch: number, address: string, maxSteps: number) =>
      slot.train(
        home.root,
        {
          ...segment,
          settings: { ...segment.settings, maxSteps },
          epoch,
          rank: 0,
          worldSize: 1,
          peers: [{ rank: 0, queue: '0', address }],
        },
        () => undefined,
      );
    const meet = (epoch: number) => slot.listen({ runId: 'overtaken', epoch, token: 'secret' });
    const first = train(1, await meet(1), 100_000);
    const [overtaken, met] = await Promise.allSettled([meet(2), meet(3), first]);
    assert.ok(overtaken.status === 'rejected' && met.status === 'fulfilled');
    assert.equal((overtaken.reason as Error).name, 'RingBrokenError');
    const { finished } = await train(3, met.value, 3);
    assert.ok(finished);
  });

  it('are ended when somebody stops them while they start', async () => {
    const slot = new SlotClient({ startWithinMs: 100 });
    const starting = slot.start();
    slot.kill('SIGSTOP');
    await assert.rejects(starting, { name: 'RingBrokenError' });
    assert.ok(!slot.alive);
  });

  it('do not train what they hold in memory as another model', async () => {
    const watcher = new Watcher();
    const { onProgress } = watcher;
    await using ring = await LocalRing.start({ worldSize: 1, home: home.root, onProgress });
    const settings = smallSettings({ maxSteps: 100_000 });
    const running = ring.train(segmentOf(sequences, settings, { runId: 'other' }), 1);
    await watcher.next();
    ring.slots[0]!.tell({ kind: 'stop', epoch: 1 });
    (await running).map(resultOf);
    const narrower = segmentOf(sequences, { ...settings, layers: 1 }, { runId: 'other' });
    const [outcome] = await ring.train(narrower, 2);
    assert.match(String(failureOf(outcome!)), /holds in memory is another model/);
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
