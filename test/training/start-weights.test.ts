import assert from 'node:assert/strict';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import type { SegmentInput } from '../../src/contracts/training.ts';
import { BadInputError } from '../../src/errors.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import type { Home } from '../../src/lake/home.ts';
import { startBackend } from '../../src/backend/backend.ts';
import { onLocalRing } from '../../src/ring/local.ts';
import { noControls, type SegmentControls } from '../../src/training/controls.ts';
import { readCheckpoint } from '../../src/training/recovery/checkpoint.ts';
import { trainSegment } from '../../src/training/segment.ts';
import { finishTraining, planTraining } from '../../src/training/stage.ts';
import { contextOf, smallHome, smallSettings } from './small-home.ts';

interface Run {
  weights?: ArtifactReference;
  maxSteps?: number;
  controls?: SegmentControls;
}

const stopAtOnce: SegmentControls = { ...noControls, stopRequested: () => true };

async function run(
  home: Home,
  sequences: ArtifactReference,
  { weights, maxSteps = 3, controls = noControls }: Run,
) {
  const settings = smallSettings({ maxSteps });
  const input = { sequences, settings, pool: 'default', ...(weights && { weights }) };
  const { runId } = await planTraining(contextOf(home), input);
  const segment: Omit<SegmentInput, 'rank'> = {
    ...{ runId, epoch: 1, worldSize: 2, peers: [], sequences, settings, secondsUsed: 0, segmentSeconds: 60 },
    ...(weights && { weights }),
  };
  const results = await onLocalRing(2, (ring) =>
    trainSegment(home, { ...segment, rank: ring.rank }, ring, controls),
  );
  const checkpoint = results[0]!.checkpoint!;
  const { optimizer, state } = await readCheckpoint(home, checkpoint);
  const finish = { input, runId, checkpoint, results };
  return { runId, optimizer, state, finish: () => finishTraining(contextOf(home), finish) };
}

/** The weights file that a training of some steps has written. */
async function trainedWeights(home: Home, sequences: ArtifactReference): Promise<ArtifactReference> {
  const { model } = await (await run(home, sequences, {})).finish();
  const { files } = await readManifest(home, model, 'training');
  const { uri, sha256, bytes } = files.find(({ role }) => role === 'weights')!;
  return { uri, sha256, bytes };
}

describe('a training that goes on from weights', () => {
  let home: Home;
  let sequences: ArtifactReference;
  let weights: ArtifactReference;
  before(async () => {
    await startBackend();
    ({ home, sequences } = await smallHome());
    weights = await trainedWeights(home, sequences);
  });

  it('begins with them to the bit, as a run of its own', async () => {
    const [fresh, warm] = [
      await run(home, sequences, { controls: stopAtOnce }),
      await run(home, sequences, { weights, controls: stopAtOnce }),
    ];
    assert.notEqual(warm.runId, fresh.runId);
    assert.deepEqual([warm.state.step, warm.optimizer.m.every((moment) => moment === 0)], [0, true]);
    const before = await run(home, sequences, { maxSteps: 3 });
    assert.deepEqual(warm.optimizer.weights, before.optimizer.weights);
    assert.notDeepEqual(warm.optimizer.weights, fresh.optimizer.weights);
  });

  it('gives the same bits every time, other ones than from the seed, and is done once', async () => {
    const first = await run(home, sequences, { weights, maxSteps: 2 });
    const { model } = await first.finish();
    const again = await run(home, sequences, { weights, maxSteps: 2 });
    const fresh = await run(home, sequences, { maxSteps: 2 });
    assert.deepEqual(again.optimizer.weights, first.optimizer.weights);
    assert.notDeepEqual(first.optimizer.weights, fresh.optimizer.weights);
    assert.deepEqual((await readManifest(home, model, 'training')).inputs, [sequences, weights]);
    const plan = await planTraining(contextOf(home), {
      ...{ sequences, settings: smallSettings({ maxSteps: 2 }), pool: 'default', weights },
    });
    assert.deepEqual(plan.result?.model, model);
  });

  it('refuses those of another network before a slot is asked', async () => {
    const input = { sequences, settings: smallSettings({ width: 32 }), pool: 'default', weights };
    await assert.rejects(planTraining(contextOf(home), input), (error) => {
      assert.ok(error instanceof BadInputError);
      assert.match(error.message, /weights of another model/);
      return true;
    });
  });
});
