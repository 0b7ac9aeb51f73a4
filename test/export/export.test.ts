import assert from 'node:assert/strict';
import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { backtest } from '../../src/backtest/stage.ts';
import { loadConfig } from '../../src/config/config.ts';
import { fitForecasterInput } from '../../src/contracts/forecasters.ts';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { BadInputError, MissingDataError } from '../../src/errors.ts';
import type { Description } from '../../src/export/description.ts';
import { exportNetwork } from '../../src/export/export.ts';
import type { ExportFormat } from '../../src/export/formats.ts';
import { historyHours } from '../../src/export/network.ts';
import { readNetwork } from '../../src/export/read-network.ts';
import { fitForecaster } from '../../src/forecasters/stage.ts';
import { Home } from '../../src/lake/home.ts';
import { readSafetensors, readSafetensorsMetadata } from '../../src/lake/safetensors.ts';
import { modelConfig } from '../../src/model/config.ts';
import { layoutOf } from '../../src/model/parameters.ts';
import { flatWeights } from '../../src/model/weights.ts';
import { writeChampion } from '../../src/registry/champion.ts';
import { registerModel } from '../../src/registry/stage.ts';
import { parseNormaliser } from '../../src/sequences/normaliser.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { trainedHome, writeModel } from '../backtest/trained-home.ts';
import { ringwatt } from '../cli/command.ts';
import { refusalOf } from '../cli/refusals.ts';
import { recordSamples } from './record-samples.ts';
import { requireAnswers } from './require-answers.ts';
import { runOnnx } from './run-onnx.ts';
import { runSavedModel } from './run-saved-model.ts';
import { batchOf } from './samples.ts';
import { WireMessage } from '../../src/export/wire-message.ts';

describe('exporting a registered version', function () {
  let context: StageContext;
  let folder: string;
  /** By what they are made of: a network alone, one that is a member of an ensemble, one that is not, none. */
  const names = { alone: 'alone', member: 'member', beside: 'beside', none: 'none' };

  const written = async (name: string, format: ExportFormat, file: string, compress = false) =>
    exportNetwork(context.home, { name, version: 1, format, output: join(folder, file), compress });

  before(async () => {
    const root = await mkdtemp(join(tmpdir(), 'ringwatt-test-'));
    folder = join(root, 'out');
    await mkdir(folder);
    const home = await Home.open(join(root, 'home'));
    const config = loadConfig({}, { environment: {} });
    context = { home, config, signal: new AbortController().signal, progress() {}, log: silentLogger };
    const { sequences } = await trainedHome(context);
    const training = await writeModel(context, sequences, { issueHead: true });
    const register = async (name: string, model: ArtifactReference) => {
      const score = { from: '2019-03-29', to: '2019-03-30' };
      const scored = await backtest(context, { model, sequences, score, issueHourLocal: 10 });
      await registerModel(context, { name, model, backtest: scored.dataset });
    };
    const fit = async (members: string[], given: object) => {
      const asked = { sequences, ...given, members, validationDays: 14, through: '2019-03-08' };
      return (await fitForecaster(context, fitForecasterInput.parse(asked))).dataset;
    };
    await register(names.alone, training);
    await register(names.member, await fit(['latestKnown', 'transformer'], { training }));
    await register(names.beside, await fit(['latestKnown'], { training }));
    await register(names.none, await fit(['latestKnown'], {}));
  });
  after(() => rm(join(folder, '..'), { recursive: true, force: true }));

  for (const name of [names.alone, names.member]) {
    it(`gives graphs that answer real issues as the version does, its network ${name}`, async () => {
      const network = await readNetwork(context.home, name, 1);
      const samples = await recordSamples(context.home, network, 3);
      const batch = batchOf(samples, historyHours(network), network.config.channels.length);
      const onnx = await written(name, 'onnx', `${name}.onnx`);
      requireAnswers(runOnnx(await readFile(onnx.path), batch.inputs), batch);
      const saved = await written(name, 'savedmodel', name);
      const graph = await readFile(join(saved.path, 'saved_model.pb'));
      requireAnswers(await runSavedModel(graph, batch.inputs), batch);
    });
  }

  it('takes the weights that were fitted with the forecaster', async () => {
    const alone = await readNetwork(context.home, names.alone, 1);
    const member = await readNetwork(context.home, names.member, 1);
    const head = layoutOf(alone.config).byName.get('issue.gain')!.offset;
    assert.deepEqual(member.weights.subarray(0, head), alone.weights.subarray(0, head));
    assert.notDeepEqual(member.weights.subarray(head), alone.weights.subarray(head));
  });

  it('leaves out quantiles that are not the network’s', async () => {
    const { description } = await written(names.beside, 'onnx', 'beside.onnx');
    assert.deepEqual(
      [description.outputs.map(({ name }) => name), description.quantiles, description.issueColumns],
      [['hourly_ratio'], [], []],
    );
  });

  it('refuses a version without a network, in one message that says what to do', async () => {
    await assert.rejects(written(names.none, 'onnx', 'none.onnx'), (error) => {
      assert.ok(error instanceof BadInputError);
      assert.match(error.line, /^none version 1 has no trained network.*`run` trains it/);
      return true;
    });
    assert.ok(!(await readdir(folder)).includes('none.onnx'));
  });

  it('says in the file what goes in and what comes out', async () => {
    const { description } = await written(names.alone, 'onnx', 'told.onnx');
    const model = new WireMessage(await readFile(join(folder, 'told.onnx')));
    const said = new Map(model.messages(14).map((entry) => [entry.text(1), entry.text(2)]));
    assert.deepEqual(JSON.parse(said.get('channels')!), description.channels);
    assert.deepEqual([said.get('model'), said.get('version')], ['alone', '1']);
    const [history] = model.message(7).messages(11);
    assert.match(history!.text(3), /^batch × 336 hours × \d+ channels, .* NaN where there is no value/);
    assert.deepEqual(description.inputs[0]!.shape, [-1, 336, description.channels.length]);
    await written(names.alone, 'savedmodel', 'told');
    const beside = await readFile(join(folder, 'told', 'assets.extra', 'ringwatt.json'), 'utf8');
    assert.deepEqual(JSON.parse(beside), description);
  });

  it('as safetensors holds all that the network is made of', async () => {
    const { path } = await written(names.member, 'safetensors', 'weights.safetensors');
    const bytes = await readFile(path);
    const metadata = readSafetensorsMetadata(bytes);
    const network = await readNetwork(context.home, names.member, 1);
    const config = modelConfig.parse(JSON.parse(metadata['config']!));
    assert.deepEqual(config, network.config);
    assert.deepEqual(flatWeights(readSafetensors(bytes), layoutOf(config), path), network.weights);
    assert.deepEqual(parseNormaliser(metadata['normaliser']!, path), network.normaliser);
    assert.equal((JSON.parse(metadata['description']!) as Description).historyHours, 336);
  });

  it('compressed is the same in fewer bytes', async () => {
    const plain = await written(names.alone, 'onnx', 'plain.onnx');
    const zipped = await written(names.alone, 'onnx', 'zipped.onnx', true);
    assert.deepEqual([zipped.path, zipped.bytes < plain.bytes], [`${folder}/zipped.onnx.gz`, true]);
    assert.deepEqual(gunzipSync(await readFile(zipped.path)), await readFile(plain.path));
    const saved = await written(names.alone, 'savedmodel', 'saved');
    const archive = await written(names.alone, 'savedmodel', 'saved.zip', true);
    const files = unzipSync(await readFile(archive.path));
    assert.deepEqual(Object.keys(files), ['saved_model.pb', 'assets.extra/ringwatt.json']);
    assert.deepEqual(
      Buffer.from(files['saved_model.pb']!),
      await readFile(join(saved.path, 'saved_model.pb')),
    );
  });

  it('overwrites nothing, and leaves nothing half written', async () => {
    await writeFile(join(folder, 'mine.onnx'), 'mine');
    await assert.rejects(written(names.alone, 'onnx', 'mine.onnx'), /is there already/);
    assert.equal(await readFile(join(folder, 'mine.onnx'), 'utf8'), 'mine');
    await assert.rejects(written(names.alone, 'savedmodel', 'nowhere/saved'), /There is no folder .*nowhere/);
    assert.deepEqual(
      (await readdir(folder)).filter((file) => file.endsWith('.tmp')),
      [],
    );
  });

  it('is a verb, which refuses what it cannot mean', async () => {
    const run = (...args: string[]) => ringwatt(['export', ...args, '--home', context.home.root]);
    const output = join(folder, 'by-verb.onnx');
    const done = await run('alone', '1', '--format', 'onnx', '--output', output, '--json');
    assert.equal(done.code, 0, done.stderr);
    assert.equal((JSON.parse(done.stdout) as { path: string }).path, output);
    const refused = (...args: string[]) =>
      refusalOf(['export', ...args, '--output', `${output}2`, '--home', context.home.root]);
    const refusals: [string[], RegExp][] = [
      [['alone', '--format', 'onnx'], /^The model alone has no champion\. Promote a version/],
      [['alone', '9', '--format', 'onnx'], /^The model alone has no version 9; it has 1\./],
      [['alone', 'newest', '--format', 'onnx'], /^"newest" is not a version\./],
      [['another', '--format', 'onnx'], /^There is no model another\. There are: alone, /],
    ];
    for (const [args, reason] of refusals) assert.match(await refused(...args), reason);
  });

  it('takes the champion where no version is named', async () => {
    const name = names.member;
    await assert.rejects(readNetwork(context.home, name), MissingDataError);
    const { sha256 } = await readNetwork(context.home, name, 1);
    const since = '2026-01-01T00:00:00Z';
    await writeChampion(context, { name, generation: 1, version: 1, sha256, since, previous: [] });
    assert.equal((await readNetwork(context.home, name)).version, 1);
  });
});
