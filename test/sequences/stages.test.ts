import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactReference, Manifest } from '../../src/contracts/artifact.ts';
import { sequencesInput, type SequencesInput } from '../../src/contracts/stages.ts';
import { loadConfig } from '../../src/config/config.ts';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../../src/errors.ts';
import { EnergyFeatureEngineer } from '../../src/features/engineer.ts';
import { engineerFeatures } from '../../src/features/stage.ts';
import { readValidatedRows } from '../../src/features/validated-rows.ts';
import { onceByKey, readArtifact, readManifest, referTo } from '../../src/lake/artifacts.ts';
import { Home } from '../../src/lake/home.ts';
import { readFrame, writeColumns } from '../../src/lake/parquet.ts';
import { SafetensorsFile } from '../../src/lake/safetensors.ts';
import { inputsForForecast } from '../../src/sequences/inputs.ts';
import { parseNormaliser } from '../../src/sequences/normaliser.ts';
import { cutSequences } from '../../src/sequences/stage.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { validateTable } from '../../src/validation/table.ts';
import { shippedRows } from '../features/validated.ts';

const REGIONS = ['PACW', 'MISO'] as const;
/** December 2018 to March 2019. */
const HOURS = 24 * 121;

describe('the features and sequences stages, on real hours', () => {
  let home: Home;
  let context: StageContext;
  let validated: ArtifactReference;
  let features: Awaited<ReturnType<typeof engineerFeatures>>;

  const cut = (input: Partial<SequencesInput> = {}) =>
    cutSequences(
      context,
      sequencesInput.parse({
        dataset: features.dataset,
        regions: [...REGIONS],
        train: { from: '2018-12', to: '2019-02' },
        score: { from: '2019-03', to: '2019-03' },
        sequenceLength: 336,
        stride: 96,
        ...input,
      }),
    );

  before(async function () {
    home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-stages-')));
    context = {
      home,
      config: loadConfig({ home: home.root }, { environment: {} }),
      signal: new AbortController().signal,
      progress() {},
      log: silentLogger,
    };
    validated = await writeValidated(home);
    features = await engineerFeatures(context, { dataset: validated, dtype: 'float32' });
  });
  after(() => rm(home.root, { recursive: true, force: true }));

  const sequences = async () => {
    const { dataset } = await cut();
    return readManifest(home, dataset, 'sequences');
  };

  it('make a table of 153 columns and the optional ones a region, with its catalogue', async () => {
    const manifest = await readManifest(home, features.dataset, 'features');
    assert.deepEqual(manifest.inputs, [validated]);
    assert.deepEqual(features.facts['columns'], 153);
    const pacw = await readFrame(home.pathOf(fileOf(manifest, 'PACW')));
    assert.equal(pacw.height, HOURS);
    assert.ok(pacw.columns.includes('operator_forecast_24h_ahead_mw'));
    assert.ok(pacw.columns.includes('fuel_col_share'));
    const catalogue = JSON.parse((await readArtifact(home, fileOf(manifest, 'catalogue'))).toString());
    assert.deepEqual(
      pacw.columns.slice(0, 153),
      catalogue.map(({ name }: { name: string }) => name),
    );
    assert.deepEqual(catalogue, JSON.parse(JSON.stringify(new EnergyFeatureEngineer().catalogue())));
  });

  it('do their work once, and again when a file is damaged', async () => {
    const again = await engineerFeatures(context, { dataset: validated, dtype: 'float32' });
    assert.deepEqual(again, { ...features, reused: true });
    const first = await cut();
    assert.deepEqual(await cut(), { ...first, reused: true });
    const { files } = await readManifest(home, first.dataset);
    await appendFile(home.pathOf(files[0]!), 'x');
    assert.deepEqual(await cut(), { ...first, reused: false });
  });

  it('write the tensors that the dataset promises', async () => {
    const { files, details, rows } = await sequences();
    const channels = details['channels'] as string[];
    assert.equal(channels.length, 149 + 4 + 96 + 48 + 14);
    assert.equal(new Set(channels).size, channels.length);
    assert.deepEqual(channels.slice(149, 153), [
      'has_demand_mw',
      'has_generation_mw',
      'has_solar_mw',
      'has_wind_mw',
    ]);
    const hours = 24 * 121;
    assert.equal(rows, 2 * hours);
    for (const region of REGIONS) {
      const file = files.find((each) => each.region === region)!;
      assert.equal(file.role, 'region');
      await using tensors = await SafetensorsFile.open(home.pathOf(file));
      assert.deepEqual(tensors.shapeOf('inputs'), [hours, channels.length]);
      const { data } = await tensors.read('inputs');
      assert.ok((data as Float32Array).every((value) => Math.abs(value) <= 8));
      const times = (await tensors.read('valid_at')).data as BigInt64Array;
      assert.equal(times[0], BigInt(Date.UTC(2018, 11, 1, 1) / 1000));
      assert.equal(times.at(-1), BigInt(Date.UTC(2019, 3, 1) / 1000));
      for (const name of ['demand_known', 'demand_final', 'forecast']) {
        assert.deepEqual(tensors.shapeOf(name), [hours]);
      }
    }
  });

  it('fit on the training hours alone', async () => {
    const { files, details } = await sequences();
    const trainHours = 24 * 90;
    const demand = (details['channels'] as string[]).indexOf('demand_mw');
    await using tensors = await SafetensorsFile.open(
      home.pathOf(files.find(({ region }) => region === 'MISO')!),
    );
    const width = tensors.shapeOf('inputs')[1]!;
    const { data } = await tensors.read('inputs', 0, trainHours);
    const scores = Array.from({ length: trainHours }, (_, row) => Number(data[row * width + demand]));
    const mean = scores.reduce((sum, value) => sum + value, 0) / trainHours;
    const spread = Math.sqrt(scores.reduce((sum, value) => sum + (value - mean) ** 2, 0) / trainHours);
    assert.ok(Math.abs(mean) < 1e-4, `mean ${mean}`);
    assert.ok(Math.abs(spread - 1) < 1e-4, `spread ${spread}`);
  });

  it('list as frozen what had no value in training, and keep it 0', async () => {
    const { files, details } = await sequences();
    const frozen = details['frozen'] as string[];
    assert.ok(
      frozen.includes('generation_mw') && frozen.includes('supply_ratio'),
      'net generation is not shipped',
    );
    assert.ok(!frozen.includes('demand_mw') && !frozen.includes('wind_mw'));
    const channels = details['channels'] as string[];
    await using tensors = await SafetensorsFile.open(home.pathOf(files[0]!));
    const { data, shape } = await tensors.read('inputs');
    for (const name of frozen) {
      const channel = channels.indexOf(name);
      for (let at = channel; at < data.length; at += shape[1]!) assert.equal(data[at], 0, name);
    }
  });

  it('start training sequences so that no target lies after training', async () => {
    const { details } = await sequences();
    const windows = details['windows'] as Record<string, number[]>;
    const trainHours = 24 * 90;
    for (const starts of Object.values(windows)) {
      assert.ok(starts.length > 10);
      assert.ok(starts.every((start) => start % 96 === 0 && start + 336 + 48 <= trainHours));
    }
    assert.equal(windows['MISO']!.length, Math.floor((trainHours - 336 - 48) / 96) + 1);
  });

  it('give a forecaster the same inputs without the stored dataset', async () => {
    const { files } = await sequences();
    const normaliser = parseNormaliser(
      await readFile(home.pathOf(fileOf({ files }, 'normaliser'))),
      'normaliser',
    );
    const source = await readManifest(home, validated, 'validated');
    const rows = await readValidatedRows(home.pathOf(fileOf(source, 'PACW')), 'PACW');
    const made = inputsForForecast(rows, normaliser, 200);
    assert.equal(made.hours, 200);
    await using tensors = await SafetensorsFile.open(
      home.pathOf(files.find(({ region }) => region === 'PACW')!),
    );
    const total = tensors.shapeOf('inputs')[0]!;
    assert.deepEqual(made.inputs, (await tensors.read('inputs', total - 200)).data);
    assert.deepEqual(made.demandKnown, (await tensors.read('demand_known', total - 200)).data);

    assert.throws(
      () => inputsForForecast(rows, { ...normaliser, catalogueHash: 'other' }, 200),
      /another feature catalogue/,
    );
    assert.throws(
      () => inputsForForecast({ ...rows, region: 'ERCO' }, normaliser, 200),
      /does not know the region ERCO/,
    );
  });

  it('stop when they are cancelled and leave no dataset behind', async () => {
    const stopped = { ...context, signal: AbortSignal.abort() };
    await assert.rejects(engineerFeatures(stopped, { dataset: validated, dtype: 'float64' }), {
      name: 'AbortError',
    });
    const { facts } = await engineerFeatures(context, { dataset: validated, dtype: 'float64' });
    assert.equal(facts['dtype'], 'float64');
  });

  for (const [what, input, error, names] of [
    [
      'a range that ends before it starts',
      { train: { from: '2019-02', to: '2018-12' } },
      BadInputError,
      /train range ends/,
    ],
    ['scoring what is trained on', { score: { from: '2019-02', to: '2019-03' } }, BadInputError, /overlap/],
    [
      'dates without data',
      { train: { from: '2016', to: '2016' } },
      MissingDataError,
      /PACW has no hours to train on/,
    ],
    [
      'sequences longer than the training range',
      { sequenceLength: 24 * 90 },
      BadInputError,
      /no sequence of 2160 hours/,
    ],
    ['a region that was not validated', { regions: ['ERCO'] }, MissingDataError, /no region ERCO/],
  ] as const) {
    it(`refuse ${what}`, async () => {
      await assert.rejects(
        cut(input as never),
        (thrown: unknown) => thrown instanceof error && names.test(thrown.message),
      );
    });
  }

  it('refuse a damaged feature table, naming it', async () => {
    const manifest = await readManifest(home, features.dataset, 'features');
    const path = home.pathOf(fileOf(manifest, 'MISO'));
    await appendFile(path, 'x');
    await assert.rejects(
      cut({ stride: 97 }),
      (thrown: unknown) => thrown instanceof CorruptArtifactError && thrown.message.includes(path),
    );
    assert.equal((await engineerFeatures(context, { dataset: validated, dtype: 'float32' })).reused, false);
  });
});

function fileOf({ files }: Pick<Manifest, 'files'>, name: string): ArtifactReference {
  const { uri, sha256, bytes } = files.find(({ region, role }) => region === name || role === name)!;
  return { uri, sha256, bytes };
}

async function writeValidated(home: Home): Promise<ArtifactReference> {
  const work = { kind: 'validated' as const, stage: 'test', version: 1, settings: {}, inputs: [] };
  const { reference } = await onceByKey(home, work, async (key) => {
    const files: Manifest['files'] = [];
    for (const region of REGIONS) {
      const { columns } = validateTable(region, await shippedRows(region, '2018-12-01T01', HOURS));
      const uri = `validated/${key}/region=${region}.parquet`;
      await writeColumns(home.path(uri), columns);
      files.push({ ...(await referTo(home, uri, HOURS)), region });
    }
    return { files, rows: REGIONS.length * HOURS };
  });
  return reference;
}
