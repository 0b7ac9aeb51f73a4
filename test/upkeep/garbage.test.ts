import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactKind, ArtifactReference } from '../../src/contracts/artifact.ts';
import { BadInputError } from '../../src/errors.ts';
import { referTo, writeManifest } from '../../src/lake/artifacts.ts';
import { writeFileAtomic } from '../../src/lake/atomic-write.ts';
import { Home } from '../../src/lake/home.ts';
import { collectGarbage, findGarbage } from '../../src/upkeep/garbage.ts';
import { urisIn } from '../../src/upkeep/references.ts';

const ALL = { minAgeHours: 0, superseded: false, heldByRuns: new Set<string>() };

describe('garbage collection', () => {
  let home: Home;
  beforeEach(async () => (home = await Home.open(mkdtempSync(join(tmpdir(), 'ringwatt-gc-')))));
  afterEach(() => rmSync(home.root, { recursive: true, force: true }));

  const place = async (uri: string): Promise<ArtifactReference> => {
    await writeFileAtomic(home.path(uri), uri);
    return referTo(home, uri);
  };
  /** A dataset that was made so many hours ago. */
  const dataset = async (
    kind: ArtifactKind,
    key: string,
    hoursAgo: number,
    inputs: ArtifactReference[] = [],
  ) => {
    const file = await place(`${kind}/${key}/region=PACW.parquet`);
    const made = { formatVersion: 1 as const, kind, key, madeBy: { stage: kind, version: 1, settings: {} } };
    const reference = await writeManifest(home, { ...made, inputs, files: [file], rows: 1, details: {} });
    const at = Date.now() / 1000 - hoursAgo * 3600;
    utimesSync(home.path(reference.uri), at, at);
    return reference;
  };
  const found = async (options: Partial<Parameters<typeof findGarbage>[1]> = {}) =>
    (await findGarbage(home, { ...ALL, ...options })).files.map(({ uri }) => uri);

  it('finds what no manifest names, and only there where datasets lie', async () => {
    await dataset('grid', '0000000000000001', 1);
    await place('grid/region=PACW/year=2018/orphan.parquet');
    await place('raw/eia/region-data/PACW/page.json.gz');
    await place('reports/r.html');
    for (const uri of [
      'audit/log.jsonl',
      'keys/home.key',
      'jobs/day-ahead.jsonl',
      'alerts/state.json',
      'ab-tests/x/a',
    ])
      await place(uri);
    assert.deepEqual(await found(), ['grid/region=PACW/year=2018/orphan.parquet']);
  });

  it('shows first, and removes only when told', async () => {
    await place('features/x/orphan.parquet');
    const garbage = await findGarbage(home, ALL);
    assert.ok(existsSync(home.path('features/x/orphan.parquet')));
    await collectGarbage(home, garbage);
    assert.ok(!existsSync(home.path('features/x/orphan.parquet')));
  });

  it('looks wherever a stage puts its files', async () => {
    const folders = [
      'validated/x',
      'sequences/x',
      'training/x',
      'backtests/x',
      'forecasts/x',
      'quarantine/x',
    ];
    const orphans = folders.map((folder) => `${folder}/orphan.parquet`);
    for (const uri of orphans) await place(uri);
    assert.deepEqual(await found(), orphans.toSorted());
  });

  it('keeps what a living process is writing, and collects what a dead one left, wherever it lies', async () => {
    const { pid: dead } = spawnSync(process.execPath, ['--version']);
    await place(`features/x/a.parquet.${process.pid}.0123abcd.tmp`);
    await place('features/x/of-nobody.tmp');
    const left = [
      `models/day-ahead/champion.json.${dead}.0123abcd.tmp`,
      `raw/eia/page.json.gz.${dead}.0123abcd.tmp`,
      `run/stack.json.${dead}.tmp`,
      `training/x/w.safetensors.${dead}.0123abcd.tmp`,
    ];
    for (const uri of left) await place(uri);
    assert.deepEqual(await found({ heldByRuns: undefined }), left);
    const anHourAgo = Date.now() / 1000 - 3600;
    utimesSync(home.path('features/x/of-nobody.tmp'), anHourAgo, anHourAgo);
    assert.deepEqual(await found(), ['features/x/of-nobody.tmp', ...left]);
  });

  it('keeps what is young', async () => {
    await place('features/x/orphan.parquet');
    assert.deepEqual(await found({ minAgeHours: 1 }), []);
  });

  it('keeps what a running workflow refers to, and what that leads to', async () => {
    const reference = await place('training/run/checkpoint.safetensors');
    assert.deepEqual(await found({ heldByRuns: new Set([reference.uri]) }), []);
    assert.deepEqual(await found(), [reference.uri]);
  });

  it('keeps the whole journal of a run that anything of is needed', async () => {
    const old = await place('checkpoints/run/journal/1.json');
    const newest = await place('checkpoints/run/40-2.safetensors');
    assert.deepEqual(await found({ heldByRuns: new Set([newest.uri]) }), []);
    assert.deepEqual(await found(), [newest.uri, old.uri]);
  });

  it('keeps checkpoints, and says so, when nobody can say what unfinished runs need', async () => {
    await place('training/run/checkpoint.safetensors');
    const garbage = await findGarbage(home, { ...ALL, heldByRuns: undefined });
    assert.deepEqual(garbage.files, []);
    assert.equal(garbage.keptForUnknownRuns, 1);
  });

  it('collects superseded datasets on request: not the newest, not what a version came from', async () => {
    const used = await dataset('grid', '0000000000000001', 30);
    const old = await dataset('grid', '0000000000000002', 20);
    const newest = await dataset('grid', '0000000000000003', 10);
    await writeFileAtomic(
      home.path('models/day-ahead/1/version.json'),
      JSON.stringify({ lineage: { grid: used } }),
    );
    const uris = await found({ superseded: true });
    assert.deepEqual(uris, ['grid/0000000000000002/region=PACW.parquet', old.uri]);
    await collectGarbage(home, await findGarbage(home, { ...ALL, superseded: true }));
    assert.ok(existsSync(home.path(used.uri)) && existsSync(home.path(newest.uri)));
  });

  it('keeps the inputs of what it keeps', async () => {
    const grid = await dataset('grid', '0000000000000001', 30);
    await dataset('grid', '0000000000000002', 10);
    await dataset('features', '0000000000000003', 5, [grid]);
    assert.deepEqual(await found({ superseded: true }), []);
  });

  it('refuses to judge what is superseded while unfinished runs cannot be asked', async () => {
    await assert.rejects(
      findGarbage(home, { ...ALL, superseded: true, heldByRuns: undefined }),
      BadInputError,
    );
  });

  it('reads references out of any JSON', () => {
    const text = JSON.stringify({ a: [{ uri: 'x/y.json' }], b: { uri: 'z=1/w.parquet' }, c: 'uri' }, null, 2);
    assert.deepEqual(urisIn(text), ['x/y.json', 'z=1/w.parquet']);
  });
});
