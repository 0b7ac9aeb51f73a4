import assert from 'node:assert/strict';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CorruptArtifactError } from '../../src/errors.ts';
import { collectGarbage, planGarbage } from '../../src/lake/gc.ts';
import type { Home } from '../../src/lake/home.ts';
import { filesUnder } from '../../src/lake/walk.ts';
import { temporaryHome } from '../sources/support.ts';

const DAY_MS = 24 * 3600_000;
const NOW = Date.UTC(2026, 0, 31);

async function put(home: Home, uri: string, content = 'x', ageDays = 60): Promise<void> {
  await mkdir(dirname(home.path(uri)), { recursive: true });
  await writeFile(home.path(uri), content);
  const time = (NOW - ageDays * DAY_MS) / 1000;
  await utimes(home.path(uri), time, time);
}

async function lake() {
  const home = await temporaryHome();
  await put(home, 'manifests/grid/a.json', '{"files":[{"uri":"grid/region=ERCO/year=2018/kept.parquet"}]}');
  await put(
    home,
    'manifests/window/eia/region-data/ERCO/w.json',
    '{"raw":"raw/eia/region-data/ERCO/w_as_of_2026-01-30","file":null}',
  );
  await put(home, 'models/day-ahead/champion.json', '{"weights":{"uri":"training/k/weights.safetensors"}}');
  for (const uri of [
    'grid/region=ERCO/year=2018/kept.parquet',
    'grid/region=ERCO/year=2018/dropped.parquet',
    'training/k/weights.safetensors',
    'checkpoints/run-1/20-0.safetensors',
    'checkpoints/run-2/20-0.safetensors',
    'features/k/region=ERCO.parquet',
    'raw/eia/region-data/ERCO/w_as_of_2026-01-30/00000000.json.gz',
    'raw/eia/region-data/ERCO/w_as_of_2025-12-01/00000000.json.gz',
    'raw/eia/region-data/ERCO/settled/00000000.json.gz',
    'quarantine/eia/region-data/ERCO/w.jsonl',
    'reports/r.html',
  ]) {
    await put(home, uri);
  }
  await put(home, 'sequences/k/young.safetensors', 'x', 0.5);
  await put(home, 'sequences/k/dead.safetensors.123.abc.tmp', 'x', 0.5);
  return home;
}

const options = { running: ['checkpoints/run-1'], now: NOW };
const GARBAGE = [
  'checkpoints/run-2/20-0.safetensors',
  'features/k/region=ERCO.parquet',
  'grid/region=ERCO/year=2018/dropped.parquet',
  'raw/eia/region-data/ERCO/w_as_of_2025-12-01/00000000.json.gz',
  'sequences/k/dead.safetensors.123.abc.tmp',
];
const urisOf = async (home: Home) => (await filesUnder(home, '.')).map(({ uri }) => uri);

describe('gc', () => {
  it('plans to remove only what nothing refers to, and by itself removes nothing', async () => {
    await using home = await lake();
    const before = await urisOf(home);
    const plan = await planGarbage(home, options);
    assert.deepEqual(plan.remove.map(({ uri }) => uri).sort(), GARBAGE);
    assert.equal(plan.bytes, GARBAGE.length);
    assert.deepEqual(await urisOf(home), before);
  });

  it('removes what was planned, and nothing else', async () => {
    await using home = await lake();
    const before = await urisOf(home);
    const done = await collectGarbage(home, await planGarbage(home, options), options);
    assert.equal(done.remove.length, GARBAGE.length);
    assert.deepEqual(
      await urisOf(home),
      before.filter((uri) => !GARBAGE.includes(uri)),
    );
  });

  it('leaves a file that something has come to refer to since the plan', async () => {
    await using home = await lake();
    const plan = await planGarbage(home, options);
    await put(home, 'manifests/features/k.json', '{"files":[{"uri":"features/k/region=ERCO.parquet"}]}', 0);
    const done = await collectGarbage(home, plan, options);
    assert.equal(done.remove.length, GARBAGE.length - 1);
    assert.deepEqual(await readdir(home.path('features/k')), ['region=ERCO.parquet']);
  });

  it('removes nothing when it cannot read what refers to what', async () => {
    await using home = await lake();
    await put(home, 'manifests/grid/half.json', '{"files":[{"uri"');
    await assert.rejects(planGarbage(home, options), (error) => {
      assert.ok(error instanceof CorruptArtifactError);
      assert.match(error.message, /manifests\/grid\/half\.json/);
      return true;
    });
  });
});
