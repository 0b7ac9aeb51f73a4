import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appendJob, jobsUri, lastOf, modelsWithJobs, readJobs } from '../../src/jobs/ledger.ts';
import { Home } from '../../src/lake/home.ts';
import { jobOf } from './sample-job.ts';

describe('the job ledger', () => {
  let home: Home;
  beforeEach(async () => {
    home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-jobs-')));
  });
  afterEach(() => rm(home.root, { recursive: true, force: true }));

  it('keeps what is added by many at once, each once', async () => {
    const records = Array.from({ length: 8 }, (_, i) => jobOf(`run-${i}`));
    await Promise.all([...records, ...records].map((record) => appendJob({ home }, record)));
    const read = await readJobs({ home }, { model: 'day-ahead' });
    assert.deepEqual(read.map(({ runId }) => runId).toSorted(), records.map(({ runId }) => runId).toSorted());
    assert.deepEqual(
      read.find(({ runId }) => runId === 'run-3'),
      records[3],
    );
  });

  it('takes a retried record for the one that is there, also when its end differs', async () => {
    await appendJob({ home }, jobOf('a'));
    await appendJob({ home }, jobOf('b'));
    await appendJob({ home }, jobOf('a', { endedAt: '2019-03-01T20:00:00.000Z' }));
    await appendJob({ home }, jobOf('a', { job: 'drift' }));
    const read = await readJobs({ home }, { model: 'day-ahead' });
    assert.deepEqual(
      read.map(({ runId, job }) => [runId, job]),
      [
        ['a', 'forecast'],
        ['b', 'forecast'],
        ['a', 'drift'],
      ],
    );
    assert.equal(lastOf(read, 'forecast')?.runId, 'b');
    assert.equal(lastOf(read, 'retrain'), undefined);
  });

  it('counts how often a job has failed in a row', async () => {
    const ends = [
      ['a', 'failed', 'drift'],
      ['b', 'failed', 'forecast'],
      ['c', 'failed', 'drift'],
      ['c', 'failed', 'drift'],
      ['d', 'skipped', 'drift'],
      ['e', 'failed', 'drift'],
    ] as const;
    const counted: number[] = [];
    for (const [runId, outcome, job] of ends) {
      counted.push((await appendJob({ home }, jobOf(runId, { outcome, job }))).failures);
    }
    assert.deepEqual(counted, [1, 1, 2, 2, 0, 1]);
  });

  it('goes on after a line that a crash cut off', async () => {
    await appendJob({ home }, jobOf('a'));
    const path = home.path(jobsUri('day-ahead'));
    await appendFile(path, (await readFile(path, 'utf8')).slice(0, 40));
    assert.equal((await readJobs({ home }, { model: 'day-ahead' })).length, 1);
    await appendJob({ home }, jobOf('b'));
    assert.deepEqual(
      (await readJobs({ home }, { model: 'day-ahead' })).map(({ runId }) => runId),
      ['a', 'b'],
    );
  });

  it('refuses a line that is whole and wrong, by its number', async () => {
    await appendJob({ home }, jobOf('a'));
    await appendFile(home.path(jobsUri('day-ahead')), '{"model":"day-ahead"}\n');
    await assert.rejects(readJobs({ home }, { model: 'day-ahead' }), {
      name: 'CorruptArtifactError',
      message: /^Line 2 of jobs\/day-ahead\.jsonl/,
    });
  });

  it('knows which models have one', async () => {
    assert.deepEqual(await modelsWithJobs({ home }), []);
    await appendJob({ home }, jobOf('a', { model: 'south' }));
    await appendJob({ home }, jobOf('a'));
    await writeFile(home.path('jobs/Not a model.jsonl'), '');
    assert.deepEqual(await modelsWithJobs({ home }), ['day-ahead', 'south']);
    assert.throws(() => jobsUri('../x'), { name: 'BadInputError' });
  });
});
