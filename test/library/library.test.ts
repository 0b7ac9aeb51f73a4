import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  BadInputError,
  EnergyDataLoader,
  EnergyFeatureEngineer,
  MissingDataError,
  RingAttentionSequenceGenerator,
  SequenceGenerator,
  createEnergySequenceDataset,
} from 'ringwatt';
import { onceByKey } from '../../src/lake/artifacts.ts';
import { sortRows, writeGridFile, yearOf } from '../../src/lake/grid-rows.ts';
import { Home } from '../../src/lake/home.ts';
import { Columns } from '../../src/lake/parquet.ts';
import { startArchiveServer } from '../../src/sources/archive/server.ts';
import { describeFeaturesDemo, runFeaturesDemo } from '../../src/demo/features.ts';
import { shippedRows } from '../features/validated.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('the library', () => {
  it('is imported by its name and has what its documentation names', () => {
    for (const part of [
      EnergyFeatureEngineer,
      SequenceGenerator,
      RingAttentionSequenceGenerator,
      EnergyDataLoader,
    ]) {
      assert.equal(typeof part, 'function');
    }
    assert.equal(typeof createEnergySequenceDataset, 'function');
  });

  it('runs its example of features and sequences', async () => {
    const { result } = await import('../../docs/examples/features.ts');
    assert.deepEqual(result, { columns: 153, shape: [35, 168, 149], targets: 24 });
  });

  it('runs its example of ring sequences', async () => {
    const { result } = await import('../../docs/examples/ring-sequences.ts');
    assert.deepEqual(result, { same: true, tokensPerRank: 1758 });
  });

  it('builds JavaScript and declarations for those who install it', async function () {
    const out = await mkdtemp(join(tmpdir(), 'ringwatt-dist-'));
    try {
      const tsc = join(ROOT, 'node_modules/.bin/tsc');
      await promisify(execFile)(tsc, ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', out]);
      const types = await readFile(join(out, 'index.d.ts'), 'utf8');
      assert.match(types, /EnergyFeatureEngineer/);
      assert.doesNotMatch(await readFile(join(out, 'index.js'), 'utf8'), /\.ts'/);
    } finally {
      await rm(out, { recursive: true, force: true });
    }
  });
});

describe('the features demo', () => {
  it('shows sizes, categories and memory of real hours', async () => {
    const demo = await runFeaturesDemo();
    assert.equal(demo.features.hours, 672);
    assert.equal(demo.features.columnsOut, 153);
    assert.deepEqual(demo.features.categories, {
      original: 6,
      temporal: 18,
      renewable: 10,
      'supply-demand': 7,
      lagged: 40,
      rolling: 72,
    });
    assert.equal(demo.features.megabytes, 0.4);
    assert.ok(demo.features.nullPercent > 0 && demo.features.nullPercent < 50);
    assert.deepEqual(demo.sequences.shape, [35, 168, 149]);
    assert.ok(demo.sequences.megabytesHeld < demo.sequences.megabytesCopied / 5);
    assert.equal(demo.ring.tokensPerRank, 2190);
    assert.match(describeFeaturesDemo(demo), /6 columns × 672 hours → 153 columns \(149 numeric\)/);
  });
});

describe('the data loader', () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'ringwatt-loader-'));
    const home = await Home.open(root);
    const raw = await shippedRows('PACW', '2017-11-01T01', 24 * 92);
    const work = { kind: 'grid' as const, stage: 'test', version: 1, settings: {}, inputs: [] };
    await onceByKey(home, work, async () => {
      const files = [];
      for (const year of [2017, 2018]) {
        const rows = [...raw.validAt.keys()].filter((i) => yearOf(raw.validAt[i]!) === year);
        const pick = (values: Float64Array) => Float64Array.from(rows, (i) => values[i]!);
        const sorted = sortRows({
          length: rows.length,
          labels: raw.labels,
          series: Int32Array.from(rows, (i) => raw.series[i]!),
          validAt: pick(raw.validAt),
          value: pick(raw.value),
          availableAt: pick(raw.availableAt),
          basis: new Int32Array(rows.length),
        });
        files.push({ ...(await writeGridFile(home, 'PACW', year, sorted)), region: 'PACW', year });
      }
      return { files, rows: raw.length };
    });
  });
  after(() => rm(root, { recursive: true, force: true }));

  it('gives the six columns of the days asked for, ready for features', async () => {
    const loader = await EnergyDataLoader.createFromStorage(root);
    const frame = await loader.loadTrainingData('2018-01-01', '2018-01-31', { region: 'PACW' });
    assert.deepEqual(frame.columns, [
      'timestamp',
      'region',
      'demand_mw',
      'generation_mw',
      'solar_mw',
      'wind_mw',
    ]);
    const times = new Columns(frame).seconds('timestamp');
    assert.equal(times[0], Date.UTC(2018, 0, 1, 1) / 1000);
    assert.equal(times.at(-1), Date.UTC(2018, 1, 1) / 1000);
    assert.equal(frame.height, 744);
    const demand = new Columns(frame).f64('demand_mw');
    assert.ok(demand.every((value) => value > 1000 && value < 5000));
    const { january } = await import('../../docs/examples/loader.ts');
    const { sequences } = await january(root);
    assert.deepEqual(sequences.shape, [Math.floor((744 - 168 - 24) / 24) + 1, 168, 149]);
  });

  it('says which hours are missing and what to run', async () => {
    const loader = await EnergyDataLoader.createFromStorage(root);
    await assert.rejects(
      loader.loadTrainingData('2018-01-15', '2018-03-02', { region: 'PACW' }),
      (error: unknown) =>
        error instanceof MissingDataError &&
        /lacks hours of PACW.*it has 2017-11-01T01 to 2018-02-01T00/.test(error.message) &&
        /ringwatt ingest .*--regions PACW --from 2018-01-15 --to 2018-03-02/.test(error.cure),
    );
    await assert.rejects(
      loader.loadTrainingData('2018-01-01', '2018-01-02', { region: 'MISO' }),
      /nothing of that region/,
    );
  });

  it('with a key fetches the hours that are not there', async function () {
    const server = await startArchiveServer();
    const before = process.env['RINGWATT_EIA_URL'];
    process.env['RINGWATT_EIA_URL'] = server.url;
    const empty = await mkdtemp(join(tmpdir(), 'ringwatt-loader-'));
    try {
      const loader = await EnergyDataLoader.createFromStorage(empty, 'a-key');
      const frame = await loader.loadTrainingData('2019-05-01', '2019-05-03', { region: 'PACW' });
      assert.equal(frame.height, 72);
      assert.ok(new Columns(frame).f64('demand_mw').every((value) => value > 1000 && value < 5000));
      const files = await readdir(join(empty, 'raw'), { recursive: true });
      assert.ok(
        files.some((file) => file.endsWith('.json.gz')),
        'the replies are kept',
      );
    } finally {
      if (before === undefined) delete process.env['RINGWATT_EIA_URL'];
      else process.env['RINGWATT_EIA_URL'] = before;
      await server.close();
      await rm(empty, { recursive: true, force: true });
    }
  });

  for (const [what, start, end, region, names] of [
    ['a date that is none', 'yesterday', '2018', 'PACW', /"yesterday" is no date/],
    ['a range that ends before it starts', '2018-02', '2018-01', 'PACW', /ends \(2018-01\) before it starts/],
    ['a region that is none', '2018', '2018', 'PACIFIC', /no region "PACIFIC"/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const loader = await EnergyDataLoader.createFromStorage(root);
      await assert.rejects(
        loader.loadTrainingData(start, end, { region: region as never }),
        (error: unknown) => error instanceof BadInputError && names.test(error.message),
      );
    });
  }
});
