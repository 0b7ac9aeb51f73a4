import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import type { RingTrainingInput, TimeShares, TrainingSettings } from '../../src/contracts/training.ts';
import { BadInputError, CorruptArtifactError, StorageError } from '../../src/errors.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import type { Home } from '../../src/lake/home.ts';
import { SafetensorsFile } from '../../src/lake/safetensors.ts';
import { loadPredictor } from '../../src/model/predictor.ts';
import { startBackend } from '../../src/backend/backend.ts';
import { onLocalRing } from '../../src/ring/local.ts';
import { noControls } from '../../src/training/controls.ts';
import { JournalWriter } from '../../src/training/recovery/journal.ts';
import { trainSegment } from '../../src/training/segment.ts';
import { finishTraining, planTraining } from '../../src/training/stage.ts';
import { CHANNELS, contextOf, HOURS, smallHome, smallSettings } from './small-home.ts';

async function trained(home: Home, sequences: ArtifactReference) {
  const input: RingTrainingInput = { sequences, settings: smallSettings({ ringSize: 2 }), pool: 'default' };
  const { runId } = await planTraining(contextOf(home), input);
  const results = await onLocalRing(2, (ring) =>
    trainSegment(
      home,
      {
        runId,
        epoch: 1,
        rank: ring.rank,
        worldSize: 2,
        peers: [],
        sequences,
        settings: input.settings,
        secondsUsed: 0,
        segmentSeconds: 60,
      },
      ring,
      noControls,
    ),
  );
  const finish = { input, runId, checkpoint: results[0]!.checkpoint!, results };
  return { input, finish, result: await finishTraining(contextOf(home), finish) };
}

describe('the training stage', () => {
  it('makes an artifact that a second run finds done', async () => {
    const { home, sequences } = await smallHome();
    const { input, result } = await trained(home, sequences);
    assert.deepEqual([result.reused, result.steps, result.stepsLost, result.restarts], [false, 6, 0, 0]);
    const manifest = await readManifest(home, result.model, 'training');
    assert.deepEqual(
      manifest.files.map(({ role }) => role),
      ['weights', 'normaliser', 'catalogue', 'history'],
    );
    assert.equal(manifest.details['ringSize'], 2);
    assert.deepEqual(manifest.inputs, [sequences]);
    const history = manifest.files.find(({ role }) => role === 'history')!;
    const points = JSON.parse(await readFile(home.pathOf(history), 'utf8')) as { step: number }[];
    assert.deepEqual(
      points.map(({ step }) => step),
      [1, 2, 3, 4, 5, 6],
    );

    const plan = await planTraining(contextOf(home), input);
    assert.deepEqual(plan.result, { ...result, reused: true });
    const otherwise = { ...input, settings: { ...input.settings, seed: 2 } };
    assert.equal((await planTraining(contextOf(home), otherwise)).result, null);
  });

  it('tells from the journal what broken rings have cost, in the plan as in the artifact', async () => {
    const { home, sequences } = await smallHome();
    const input: RingTrainingInput = { sequences, settings: smallSettings({ ringSize: 2 }), pool: 'default' };
    const { runId, ...fresh } = await planTraining(contextOf(home), input);
    const nothingLost = { stepsLost: 0, fullRestarts: 0, restarts: 0 };
    assert.deepEqual(fresh, {
      result: null,
      checkpoint: null,
      step: 0,
      secondsUsed: 0,
      numerics: null,
      stepsTaken: 0,
      ...nothingLost,
    });
    const broken = { epoch: 0, resumedAt: 0, from: 'seed', begun: 3, ended: false } as const;
    const journal = new JournalWriter(home, runId, { ...broken, ringSize: 3, numerics: 'others' });
    await journal.open();
    journal.close();
    // A run that has begun goes on from memory where the disk has filled up.
    home.requireFreeSpace = () => Promise.reject(new StorageError('The disk is full.', ''));
    const plan = await planTraining(contextOf(home), input);
    assert.deepEqual([plan.numerics, plan.step, plan.stepsTaken, plan.restarts], ['others', 0, 2, 0]);

    const { result } = await trained(home, sequences);
    assert.deepEqual([result.stepsLost, result.fullRestarts, result.restarts], [3, 1, 1]);
    const { details } = await readManifest(home, result.model, 'training');
    const { numerics } = await startBackend();
    assert.deepEqual(details['rings'], [
      { ringSize: 3, numerics: 'others' },
      { ringSize: 2, numerics },
    ]);
    assert.equal((details['slotShares'] as TimeShares[]).length, 2);
    assert.equal(existsSync(home.path(`checkpoints/${runId}`)), false);
  });

  it('takes a run for the same whatever slots it may go on with, and however often it saves itself', async () => {
    const { home, sequences } = await smallHome();
    const runIdOf = async (more: Partial<TrainingSettings>) =>
      (await planTraining(contextOf(home), { sequences, settings: smallSettings(more), pool: 'default' }))
        .runId;
    const same = [
      {},
      { mixed: true },
      { elastic: true },
      { device: 'cpu' },
      { checkpointEverySteps: 3 },
    ] as const;
    assert.equal(new Set(await Promise.all(same.map(runIdOf))).size, 1);
    assert.notEqual(await runIdOf({}), await runIdOf({ ringSize: 3 }));
  });

  it('asks for the disk that it will write, before it begins and not when all is done', async () => {
    const { home, sequences } = await smallHome();
    let needed = 0;
    home.requireFreeSpace = (bytes, what) => {
      assert.equal(what, 'Training');
      needed = bytes;
      return Promise.resolve();
    };
    const { input, finish, result } = await trained(home, sequences);
    const { files } = await readManifest(home, result.model, 'training');
    const written = files.reduce((sum, { bytes }) => sum + bytes, 3 * finish.checkpoint.bytes);
    assert.ok(needed >= written, `${needed} asked for, ${written} written`);
    home.requireFreeSpace = () => Promise.reject(new StorageError('The disk is full.', ''));
    assert.equal((await planTraining(contextOf(home), input)).result?.reused, true);
    const otherwise = { ...input, settings: { ...input.settings, seed: 2 } };
    await assert.rejects(planTraining(contextOf(home), otherwise), StorageError);
  });

  it('does not take a run for done whose weights are damaged', async () => {
    const { home, sequences } = await smallHome();
    const { input, result } = await trained(home, sequences);
    const manifest = await readManifest(home, result.model);
    await writeFile(home.pathOf(manifest.files[0]!), 'damaged');
    assert.equal((await planTraining(contextOf(home), input)).result, null);
    await assert.rejects(loadPredictor(home, result.model), CorruptArtifactError);
  });

  it('refuses to finish a run with an input that is not its own', async () => {
    const { home, sequences } = await smallHome();
    const { finish } = await trained(home, sequences);
    await assert.rejects(finishTraining(contextOf(home), { ...finish, runId: 'another' }), BadInputError);
  });
});

describe('the predictor', () => {
  it('answers for every hour from the trained weights, alike however much follows, and knows its regions', async () => {
    const { home, sequences } = await smallHome();
    const { result } = await trained(home, sequences);
    const manifest = await readManifest(home, sequences);
    await using file = await SafetensorsFile.open(home.pathOf(manifest.files[0]!));
    const inputs = (await file.read('inputs')).data as Float32Array;
    const model = await loadPredictor(home, result.model);
    assert.deepEqual([model.regions, model.channels, model.horizon], [['ERCO', 'MISO'], CHANNELS, 30]);
    const long = await model.predict(inputs, HOURS, 'ERCO');
    const short = await model.predict(inputs.subarray(0, 100 * 4), 100, 'ERCO');
    assert.equal(long.length, HOURS * 30);
    assert.ok(long.some((ratio) => ratio !== 0));
    const worst = short.reduce((max, ratio, i) => Math.max(max, Math.abs(ratio - long[i]!)), 0);
    assert.ok(worst < 1e-6, `${worst}`);
    await assert.rejects(model.predict(inputs, HOURS, 'PACW'), /does not know the region PACW/);
    await assert.rejects(model.predict(inputs, HOURS + 1, 'ERCO'), BadInputError);
    model.dispose();
    await assert.rejects(model.predict(inputs, HOURS, 'ERCO'), /put away/);
  });
});
