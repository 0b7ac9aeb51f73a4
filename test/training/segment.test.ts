import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import type { SegmentInput, SegmentProgress, SegmentResult } from '../../src/contracts/training.ts';
import {
  BadInputError,
  CorruptArtifactError,
  MissingDataError,
  SegmentAbortedError,
} from '../../src/errors.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { sha256 } from '../../src/lake/canonical.ts';
import type { Home } from '../../src/lake/home.ts';
import { startBackend } from '../../src/backend/backend.ts';
import { onLocalRing } from '../../src/ring/local.ts';
import { readCheckpoint } from '../../src/training/recovery/checkpoint.ts';
import { checkpointsOf, stepOf } from '../../src/training/recovery/checkpoint-folder.ts';
import { noControls, type SegmentControls } from '../../src/training/controls.ts';
import { trainSegment } from '../../src/training/segment.ts';
import { segmentOf, smallHome, smallSettings } from './small-home.ts';

type Segment = ReturnType<typeof segmentOf>;

const train = (
  home: Home,
  segment: Segment,
  worldSize: number,
  controls: SegmentControls | ((rank: number) => SegmentControls) = noControls,
  each: (rank: number) => Partial<SegmentInput> = () => ({}),
): Promise<SegmentResult[]> =>
  onLocalRing(worldSize, (ring) =>
    trainSegment(
      home,
      { ...segment, epoch: 1, rank: ring.rank, worldSize, peers: [], ...each(ring.rank) },
      ring,
      typeof controls === 'function' ? controls(ring.rank) : controls,
    ),
  );

async function weightsOf(home: Home, result: SegmentResult): Promise<string> {
  const { optimizer } = await readCheckpoint(home, result.checkpoint!);
  return sha256(new Uint8Array(optimizer.weights.buffer));
}

describe('a segment of training', () => {
  before(startBackend);

  it('gives the same bits in one go as stopped in the middle and gone on from its checkpoint', async () => {
    const { home, sequences } = await smallHome();
    const segment = segmentOf(sequences, smallSettings());
    const [whole] = await train(home, { ...segment, runId: 'whole' }, 2);
    let steps = 0;
    const stopping: SegmentControls = {
      ...noControls,
      stopRequested: () => steps >= 3,
      // Both ranks report every step; rank 0's answer is the one that counts.
      progress: ({ step }) => (steps = step),
    };
    const [first] = await train(home, { ...segment, runId: 'parts' }, 2, stopping);
    assert.deepEqual([first!.step, first!.finished], [3, false]);
    const rest = { ...segment, runId: 'parts', checkpoint: first!.checkpoint! };
    const [second] = await train(home, rest, 2);
    assert.deepEqual([second!.step, second!.finished, whole!.step], [6, true, 6]);
    assert.equal(await weightsOf(home, second!), await weightsOf(home, whole!));
    assert.equal(second!.loss, whole!.loss);
  });

  it('ends when rank 0 says so, not when another rank would', async () => {
    const { home, sequences } = await smallHome();
    const eager = (rank: number) => ({ ...noControls, stopRequested: () => rank === 1 });
    const results = await train(home, segmentOf(sequences, smallSettings({ maxSteps: 3 })), 2, eager);
    assert.deepEqual(
      results.map(({ step, finished }) => [step, finished]),
      [
        [3, true],
        [3, true],
      ],
    );
  });

  it('halts with a checkpoint when its stretch is over, and is finished when its budget is', async () => {
    const { home, sequences } = await smallHome();
    const instantly = segmentOf(sequences, smallSettings(), { segmentSeconds: 1e-9 });
    const [halted] = await train(home, instantly, 1);
    assert.deepEqual([halted!.finished, halted!.step, halted!.checkpoint !== undefined], [false, 0, true]);
    const spent = segmentOf(sequences, smallSettings({ budgetMinutes: 1 }), { secondsUsed: 61 });
    const [finished] = await train(home, spent, 1);
    assert.deepEqual([finished!.finished, finished!.step], [true, 0]);
  });

  it('comes to the same weights with any ring size and layout, to float32', async () => {
    const { home, sequences } = await smallHome();
    const weights = [];
    for (const [worldSize, layout] of [
      [1, 'contiguous'],
      [2, 'zigzag'],
      [3, 'zigzag'],
      [3, 'contiguous'],
    ] as const) {
      // prettier-ignore
      const segment = segmentOf(sequences, smallSettings({ layout, maxSteps: 3 }), { runId: `${worldSize}${layout}` });
      const [result] = await train(home, segment, worldSize);
      weights.push((await readCheckpoint(home, result!.checkpoint!)).optimizer.weights);
    }
    const initial = weights[0]!;
    for (const other of weights.slice(1)) {
      const worst = other.reduce((max, w, i) => Math.max(max, Math.abs(w - initial[i]!)), 0);
      // Adam turns a rounding of a tiny gradient into a step's fraction; three steps move weights by some 5e-3.
      assert.ok(worst < 3e-4, `weights differ by ${worst}`);
    }
  });

  it('learns: the loss falls well below that of persistence', async () => {
    const { home, sequences } = await smallHome();
    const losses: number[] = [];
    const listening = { ...noControls, progress: ({ loss }: SegmentProgress) => void losses.push(loss) };
    const settings = smallSettings({ maxSteps: 60, learningRate: 0.01 });
    await train(home, segmentOf(sequences, settings), 1, listening);
    const mean = (part: number[]) => part.reduce((a, b) => a + b, 0) / part.length;
    assert.ok(mean(losses.slice(-8)) < 0.75 * mean(losses.slice(0, 2)), losses.join(' '));
  });

  it('leaves no tensor behind', async () => {
    const { home, sequences } = await smallHome();
    const before = tf.memory().numTensors;
    const counts = new Set<number>();
    const counting = { ...noControls, progress: () => void counts.add(tf.memory().numTensors) };
    await train(home, segmentOf(sequences, smallSettings()), 1, counting);
    assert.deepEqual([...counts], [before]);
  });

  it('goes on from the highest step and epoch as numbers, not as text', async () => {
    const { home } = await smallHome();
    const names = ['100-9', '100-1795224123', '99-1795224124'];
    await mkdir(home.path('checkpoints/run'), { recursive: true });
    for (const name of [...names, 'notes'])
      await writeFile(home.path(`checkpoints/run/${name}.safetensors`), '');
    assert.deepEqual(
      (await checkpointsOf(home, 'run')).map((uri) => /run\/(.*)\.safetensors$/.exec(uri)?.[1]),
      ['100-1795224123', '100-9', '99-1795224124'],
    );
    assert.deepEqual(await checkpointsOf(home, 'another-run'), []);
  });

  it('writes checkpoints while it goes on, keeps two, and names the newest whole one in its progress', async () => {
    const { home, sequences } = await smallHome();
    const named: number[] = [];
    const listening: SegmentControls = {
      ...noControls,
      progress: ({ step, checkpoint }) => {
        if (!checkpoint) return;
        assert.ok(existsSync(home.pathOf(checkpoint)) && stepOf(checkpoint) <= step);
        named.push(stepOf(checkpoint));
      },
      // However slow the disk is, two are named.
      stopRequested: () => new Set(named).size > 1,
    };
    const settings = smallSettings({ checkpointEverySteps: 2, maxSteps: 100_000 });
    const [result] = await train(home, segmentOf(sequences, settings), 1, listening);
    const kept = (await checkpointsOf(home, 'run')).map((uri) => stepOf({ uri }));
    assert.equal(kept.length, 2);
    assert.equal(kept[0], result!.step);
    assert.equal(stepOf(result!.checkpoint!), result!.step);
    assert.ok(
      named.every((step, i) => step >= (named[i - 1] ?? 0)),
      named.join(' '),
    );
  });

  it('drops the step in hand when it is aborted', async () => {
    const { home, sequences } = await smallHome();
    const abort = new AbortController();
    const aborting = { ...noControls, signal: abort.signal, progress: () => abort.abort() };
    await assert.rejects(
      train(home, segmentOf(sequences, smallSettings()), 2, aborting),
      SegmentAbortedError,
    );
  });

  it('refuses a ring whose ranks would not compute alike', async () => {
    const { home, sequences } = await smallHome();
    const segment = segmentOf(sequences, smallSettings());
    const differently = (rank: number) => ({ settings: smallSettings({ seed: rank }) });
    await assert.rejects(
      train(home, segment, 2, noControls, differently),
      (error) => error instanceof BadInputError && /do not compute alike/.test(error.message),
    );
  });

  it('names the checkpoint that is damaged, and what to do', async () => {
    const { home, sequences } = await smallHome();
    const segment = segmentOf(sequences, smallSettings({ maxSteps: 1 }));
    const [result] = await train(home, segment, 1);
    const checkpoint = result!.checkpoint!;
    const file = await open(home.pathOf(checkpoint), 'r+');
    await file.write(Buffer.from([1, 2, 3]), 0, 3, checkpoint.bytes - 50);
    await file.close();
    await assert.rejects(train(home, { ...segment, checkpoint }, 1), (error: Error) => {
      assert.ok(error instanceof CorruptArtifactError);
      return error.message.includes(checkpoint.uri) && error.cure.length > 0;
    });
  });

  it('does not train on a dataset that is not what its manifest says', async () => {
    const { home, sequences } = await smallHome();
    const { files } = await readManifest(home, sequences);
    const file = await open(home.pathOf(files[1]!), 'r+');
    await file.write(Buffer.from([1, 2, 3]), 0, 3, files[1]!.bytes - 50);
    await file.close();
    await assert.rejects(train(home, segmentOf(sequences, smallSettings()), 1), CorruptArtifactError);
  });

  it('refuses to go on from a checkpoint of another model', async () => {
    const { home, sequences } = await smallHome();
    const [result] = await train(home, segmentOf(sequences, smallSettings({ maxSteps: 1 })), 1);
    const wider = segmentOf(sequences, smallSettings({ width: 32 }), { checkpoint: result!.checkpoint! });
    await assert.rejects(train(home, wider, 1), BadInputError);
  });

  it('says so when the dataset has no sequence to train on', async () => {
    const { home, sequences } = await smallHome();
    const path = home.pathOf(sequences);
    const manifest = JSON.parse(await readFile(path, 'utf8')) as { details: { windows: object } };
    manifest.details.windows = {};
    const text = JSON.stringify(manifest);
    const file = await open(path, 'w');
    await file.writeFile(text);
    await file.close();
    const empty = { ...sequences, sha256: sha256(text), bytes: text.length };
    await assert.rejects(train(home, segmentOf(empty, smallSettings()), 1), MissingDataError);
  });
});
