import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { CheckpointUnwrittenError, RingBrokenError } from '../../src/errors.ts';
import { referTo } from '../../src/lake/artifacts.ts';
import type { Home } from '../../src/lake/home.ts';
import { resolveModel } from '../../src/model/config.ts';
import { initialWeights, layoutOf } from '../../src/model/parameters.ts';
import { randomOf } from '../../src/model/random.ts';
import { silentLogger } from '../../src/stages/context.ts';
import { freshState } from '../../src/training/adamw.ts';
import { readCheckpoint, type Checkpoint } from '../../src/training/recovery/checkpoint.ts';
import { deleteCheckpoints } from '../../src/training/recovery/checkpoint-folder.ts';
import { readJournal } from '../../src/training/recovery/journal.ts';
import { newestCheckpoint } from '../../src/training/recovery/newest-checkpoint.ts';
import { RunRecord } from '../../src/training/recovery/run-record.ts';
import { journalEntry } from './journal-entry.ts';
import { smallHome, smallSettings } from './small-home.ts';

const model = resolveModel(smallSettings(), { channels: ['a'], regions: ['CAL'], horizon: 3 });
const layout = layoutOf(model);
const never = new AbortController().signal;

function checkpointAt(step: number): Checkpoint {
  const optimizer = { ...freshState(initialWeights(layout, randomOf('weights', step))), step };
  return {
    optimizer,
    state: {
      formatVersion: 1,
      runId: 'run',
      epoch: 1,
      step,
      secondsUsed: 1,
      tokensSeen: 1,
      ringSize: 2,
      numerics: 'n',
      model,
      history: [],
    },
  };
}

describe('the record of a run', () => {
  let home: Home;
  beforeEach(async () => ({ home } = await smallHome()));
  const folder = () => home.path('checkpoints/run');
  const checkpoints = async () => (await readdir(folder())).filter((name) => name !== 'journal').sort();

  async function recordOf(epoch: number): Promise<RunRecord> {
    const record = new RunRecord(home, 'run', layout, journalEntry(epoch));
    await record.open();
    return record;
  }

  it('goes on from what is there when the newest checkpoint is deleted between listing and reading', async () => {
    const record = await recordOf(1);
    await record.end(checkpointAt(3), never, () => undefined);
    await symlink('gone', home.path('checkpoints/run/4-1.safetensors'));
    const { step } = await newestCheckpoint({ home, log: silentLogger }, 'run');
    assert.equal(step, 3);
    await mkdir(home.path('checkpoints/run/5-1.safetensors'));
    await assert.rejects(
      newestCheckpoint({ home, log: silentLogger }, 'run'),
      /Cannot read .*5-1\.safetensors \(EISDIR\)/,
    );
  });

  it('keeps the state as it was when it was saved, however far training has gone on meanwhile', async () => {
    const record = await recordOf(1);
    const checkpoint = checkpointAt(4);
    const then = checkpoint.optimizer.weights.slice();
    assert.equal(record.save(checkpoint), true);
    checkpoint.optimizer.weights.fill(0);
    assert.equal(record.save(checkpointAt(5)), false, 'one at a time');
    await record.end(checkpointAt(6), never, () => undefined);
    record.close();
    assert.deepEqual(await checkpoints(), ['4-1.safetensors', '6-1.safetensors']);
    const uri = 'checkpoints/run/4-1.safetensors';
    const saved = await readCheckpoint(home, await referTo(home, uri));
    assert.deepEqual(saved.optimizer.weights, then);
    assert.equal((await readJournal(home, 'run'))[0]!.ended, true);
  });

  it('says why the disk takes nothing, keeps what is there, and writes once there is room', async () => {
    const first = await recordOf(1);
    await first.end(checkpointAt(2), never, () => undefined);
    first.close();
    const record = await recordOf(2);
    // A file stands where the folder was: no system writes there, whoever asks.
    const aside = home.path('aside');
    await rename(folder(), aside);
    await writeFile(folder(), '');
    let told = 0;
    await assert.rejects(
      record.end(checkpointAt(9), never, () => void told++, 0),
      (error) =>
        error instanceof CheckpointUnwrittenError && error.retryable && /ENOTDIR/.test(error.message),
    );
    assert.equal(told, 1);
    assert.match(record.failure!, /ENOTDIR/);
    await rm(folder());
    await rename(aside, folder());
    assert.deepEqual(await checkpoints(), ['2-1.safetensors']);
    assert.equal(
      (await record.end(checkpointAt(9), never, () => undefined)).uri,
      'checkpoints/run/9-2.safetensors',
    );
    assert.equal(record.failure, undefined);
    record.close();
  });

  it('clears away what a killed writer has left half done', async () => {
    const killed = await recordOf(1);
    await killed.end(checkpointAt(2), never, () => undefined);
    killed.close();
    await writeFile(`${folder()}/4-1.safetensors.17.0123abcd.tmp`, 'half');
    (await recordOf(2)).close();
    assert.deepEqual(await checkpoints(), ['2-1.safetensors']);
  });

  it('of a ring that others have gone on without writes nothing more', async () => {
    const paused = await recordOf(1);
    await paused.end(checkpointAt(2), never, () => undefined);
    const next = await recordOf(2);
    await next.end(checkpointAt(3), never, () => undefined);
    await assert.rejects(
      paused.end(checkpointAt(4), never, () => undefined),
      RingBrokenError,
    );
    await assert.rejects(paused.begin(4), RingBrokenError);
    assert.deepEqual(await checkpoints(), ['2-1.safetensors', '3-2.safetensors']);
    paused.close();
    next.close();
  });

  it('brings nothing of a finished run back to life when its slot wakes', async () => {
    const paused = await recordOf(1);
    await deleteCheckpoints(home, 'run');
    await paused.begin(7);
    await assert.rejects(
      paused.end(checkpointAt(8), never, () => undefined),
      (error) => error instanceof RingBrokenError && /was finished without this slot/.test(error.message),
    );
    paused.close();
    assert.equal(existsSync(folder()), false);
    assert.deepEqual(await readdir(home.path('checkpoints')), []);
  });
});
