import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backtest } from '../../src/backtest/stage.ts';
import { startBackend } from '../../src/backend/backend.ts';
import { compressionLines } from '../../src/cli/compression-view.ts';
import { compress, type Compressed } from '../../src/compression/compress.ts';
import { CompressionRefusedError } from '../../src/compression/gate.ts';
import { readParent } from '../../src/compression/parent.ts';
import { teach } from '../../src/compression/teach.ts';
import { judgedIssues } from '../../src/compression/validation.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { compressionSettings } from '../../src/contracts/compression.ts';
import { fitForecasterInput } from '../../src/contracts/forecasters.ts';
import { describe as describeNetwork } from '../../src/export/description.ts';
import { MissingDataError } from '../../src/errors.ts';
import { historyHours } from '../../src/export/network.ts';
import { networkGraph } from '../../src/export/network-graph.ts';
import { encodeOnnx } from '../../src/export/onnx.ts';
import { readNetwork } from '../../src/export/read-network.ts';
import { openForecaster } from '../../src/forecasters/open.ts';
import { fitForecaster } from '../../src/forecasters/stage.ts';
import { issuesOf } from '../../src/day-ahead/issue-table.ts';
import { readIssueTable } from '../../src/day-ahead/read.ts';
import { readArtifact, readManifest } from '../../src/lake/artifacts.ts';
import { Home } from '../../src/lake/home.ts';
import { readSafetensors } from '../../src/lake/safetensors.ts';
import { loadPredictor } from '../../src/model/predictor.ts';
import { versionFile } from '../../src/registry/layout.ts';
import { listModels, readChampion, registerModel } from '../../src/registry/stage.ts';
import { readVersion } from '../../src/registry/versions.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { REGION, trainedHome, writeModel } from '../backtest/trained-home.ts';
import { ringwatt } from '../cli/command.ts';
import { refusalOf } from '../cli/refusals.ts';
import { recordSamples } from '../export/record-samples.ts';
import { requireAnswers } from '../export/require-answers.ts';
import { runOnnx } from '../export/run-onnx.ts';
import { batchOf } from '../export/samples.ts';

const NAME = 'member';
const SIZE = { width: 16, layers: 2, heads: 2, mlpWidth: 32 };

describe('making a registered network smaller', () => {
  let context: StageContext;
  let sequences: ArtifactReference;

  const smaller = (settings: object, mostLoss = 1, name = NAME) =>
    compress(context, { name, version: 1, settings: compressionSettings.parse(settings), mostLoss });
  const files = async () => (await readdir(context.home.root, { recursive: true })).toSorted();
  const recordOf = async ({ name, version }: Pick<Compressed, 'name' | 'version'>) =>
    (await readVersion(context, { name, version })).record;

  before(async () => {
    const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-test-')));
    const config = loadConfig({}, { environment: {} });
    context = { home, config, signal: new AbortController().signal, progress() {}, log: silentLogger };
    await startBackend();
    sequences = (await trainedHome(context)).sequences;
    const { signal } = context;
    const lessons = { sequences, steps: 40, seed: 1, rate: 2, signal, progress() {} };
    const training = await writeModel(context, sequences, {
      issueHead: true,
      size: SIZE,
      train: async (network) => {
        await teach(home, network, network, lessons);
      },
    });
    const register = async (name: string, scored: ArtifactReference, model = scored) => {
      const score = { from: '2019-03-29', to: '2019-03-30' };
      const { dataset } = await backtest(context, { model: scored, sequences, score, issueHourLocal: 10 });
      await registerModel(context, { name, model, backtest: dataset });
    };
    const fit = async (members: string[], further: object = {}) => {
      const asked = { sequences, training, members, validationDays: 14, through: '2019-03-08', ...further };
      return (await fitForecaster(context, fitForecasterInput.parse(asked))).dataset;
    };
    const members = ['latestKnown', 'transformer'];
    const fitted = await fit(members);
    await register(NAME, fitted);
    await register('alone', training);
    await register('beside', await fit(['latestKnown']));
    await register('refit', fitted, await fit(members, { refitOf: fitted, through: '2019-03-30' }));
  });
  after(() => rm(context.home.root, { recursive: true, force: true }));

  it('refuses a bad result and leaves nothing of it', async () => {
    const before = await files();
    const bad = smaller({ method: 'prune', sparsity: 0.97 }, 0.02);
    await assert.rejects(bad, (error) => {
      assert.ok(error instanceof CompressionRefusedError);
      assert.match(error.line, /refused and nothing was kept: PACW, .* worse on the validation issues/);
      return true;
    });
    assert.deepEqual(await files(), before);
  });

  it('judges on no hour that the published scores are of', async () => {
    const parent = await readParent(context.home, NAME, 1);
    const hours = async (from: string, to: string) => {
      const scored = { ...parent.scored, score: { from, to } };
      const { table, counts } = await judgedIssues(context.home, { ...parent, scored }, REGION);
      return [...table.validAt.keys()].filter(counts).length;
    };
    assert.equal((await hours('2019-03-29', '2019-03-30')) - (await hours('2019-03-03', '2019-03-04')), 48);
    await assert.rejects(hours('2019-01', '2019-03'), MissingDataError);
  });

  describe('as int8', () => {
    let done: Compressed;
    before(async () => {
      done = await smaller({ method: 'quantise' }, 0.02);
    });

    it('makes a version that says what it was made of, and is not promoted', async () => {
      const record = await recordOf(done);
      const parent = await readVersion(context, { name: NAME, version: 1 });
      assert.equal(done.version, 2);
      assert.deepEqual(record.compression, {
        parent: { name: NAME, version: 1, sha256: parent.sha256 },
        settings: { method: 'quantise' },
      });
      assert.equal(record.lineage.sequences!.sha256, parent.record.lineage.sequences!.sha256);
      assert.notEqual(record.lineage.training!.sha256, parent.record.lineage.training!.sha256);
      assert.equal(await readChampion(context, { name: NAME }), null);
      const card = JSON.parse(
        (await readArtifact(context.home, versionFile(record, 'card')!)).toString(),
      ) as {
        compression: object;
      };
      assert.deepEqual(card.compression, record.compression);
      const text = (await readArtifact(context.home, versionFile(record, 'card-text')!)).toString();
      assert.match(text, /Its network is that of version 1 in int8; all else is that version’s/);
    });

    it('is judged in every way that it answers, on hours that its scores are not of', async () => {
      const subjects = done.comparisons.map(({ subject }) => subject);
      assert.deepEqual(subjects, ['as trained', 'network', 'version', 'hourly']);
      for (const { before, after } of done.comparisons) {
        assert.equal(after.hours, before.hours);
        assert.ok(before.hours >= 5 * 24 && after.mape > 0);
      }
      assert.ok(done.validation.to < '2019-03-29');
      // Its own scores, of its own answers, on the hours of its parent's.
      const [before, after] = [done.scores.before[0]!, done.scores.after[0]!];
      assert.deepEqual([after.region, after.hours], [before.region, before.hours]);
      assert.deepEqual((await recordOf(done)).metrics, done.scores.after);
      assert.ok(before.mape['model'] !== after.mape['model']);
    });

    it('has its weights as bytes in both of its files, which are smaller', async () => {
      const record = await recordOf(done);
      const parent = await recordOf({ name: NAME, version: 1 });
      for (const role of ['weights', 'forecaster-transformer']) {
        const file = versionFile(record, role)!;
        const tensors = readSafetensors(await readArtifact(context.home, file));
        assert.equal(tensors.get('layer.0.mlp.in')!.dtype, 'I8', role);
        assert.ok(file.bytes < versionFile(parent, role)!.bytes, role);
      }
      assert.ok(done.after.files < done.before.files && done.after.onnx < done.before.onnx);
    });

    it('loads to the same numbers wherever it is read', async () => {
      const version = await readVersion(context, done);
      const network = await readNetwork(context.home, NAME, done.version);
      const predictor = await loadPredictor(context.home, version.model);
      const { config } = network;
      const trunk = network.weights.length / 4;
      assert.deepEqual(predictor.config, config);
      assert.deepEqual(network.weights.subarray(0, trunk), predictor.weights.subarray(0, trunk));
      const answers = async (forecaster: ArtifactReference) => {
        await using opened = await openForecaster(context.home, forecaster, sequences);
        const cut = await readManifest(context.home, sequences, 'sequences');
        const table = issuesOf(await readIssueTable(context.home, cut, REGION), { from: 70, to: 72 });
        const network = opened.fitted.members.find(({ name }) => name === 'transformer')!;
        return await network.predict(table);
      };
      const [own, before] = [
        await answers(version.record.lineage.forecaster!),
        await answers((await recordOf({ name: NAME, version: 1 })).lineage.forecaster!),
      ];
      assert.notDeepEqual(own, before);
      own.forEach((value, i) => assert.ok(Math.abs(value / before[i]! - 1) < 0.02));
    });

    it('is exported to ONNX as int8, and answers there as it forecasts', async () => {
      const network = await readNetwork(context.home, NAME, done.version);
      const hours = historyHours(network);
      const samples = await recordSamples(context.home, network, 2);
      const batch = batchOf(samples, hours, network.config.channels.length);
      const graph = networkGraph(network);
      const dense = networkGraph({ ...network, int8: new Map() });
      const file = encodeOnnx(graph, describeNetwork(network, graph));
      assert.ok(
        file.length < encodeOnnx(dense, describeNetwork(network, dense)).length - network.weights.length,
      );
      requireAnswers(runOnnx(file, batch.inputs), batch);
    });

    it('is told of in tables that say what it is worth and what it is not', () => {
      const text = compressionLines(done).join('\n');
      assert.match(
        text,
        /^member version 2: the network of version 1, its products in int8\. It is not promoted\./,
      );
      assert.match(text, /PACW +hourly +\d+ +[\d.]+ +[\d.]+ +– +–/);
      assert.match(text, /its files in the version, kB +\d+ +\d+ +[1-9][\d.]*×/);
      assert.match(text, /less to store and to send, no less time\.$/);
    });

    it('is the same version when asked again', async () => {
      const again = await smaller({ method: 'quantise' }, 0.02);
      assert.deepEqual([again.version, again.reused], [done.version, true]);
    });

    it('is not made int8 once more', async () => {
      const settings = compressionSettings.parse({ method: 'quantise' });
      const before = await files();
      const again = compress(context, { name: NAME, version: done.version, settings, mostLoss: 1 });
      await assert.rejects(again, /member version 2 is int8 already/);
      assert.deepEqual(await files(), before);
    });

    it('is what another is held against that is made of it, in its own files', async () => {
      const settings = compressionSettings.parse({ method: 'prune', sparsity: 0.5 });
      const next = await compress(context, { name: NAME, version: done.version, settings, mostLoss: 2 });
      assert.equal(next.compression.parent.version, done.version);
      const { files: stored, onnx, onnxCompressed } = done.after;
      assert.deepEqual(
        [next.before.files, next.before.onnx, next.before.onnxCompressed],
        [stored, onnx, onnxCompressed],
      );
    });
  });

  describe('in other ways', () => {
    it('keeps the zeros of a pruned network through what is trained and fitted', async () => {
      const done = await smaller({ method: 'prune', sparsity: 0.5, steps: 2 });
      const { weights, int8 } = await readNetwork(context.home, NAME, done.version);
      const zeros = weights.filter((weight) => weight === 0).length / weights.length;
      assert.equal(zeros, done.after.zeros);
      assert.ok(zeros > 0.3 && done.after.files < 0.85 * done.before.files, `${zeros}`);
      assert.equal(int8, undefined);
      const before = await readNetwork(context.home, NAME, 1);
      assert.ok(weights.some((weight, i) => weight !== 0 && weight !== before.weights[i]));
    });

    it('teaches a smaller network, which then is one of fewer weights', async () => {
      const done = await smaller({ method: 'distil', layers: 1, width: 8, steps: 3 }, 3);
      const { config, weights } = await readNetwork(context.home, NAME, done.version);
      assert.deepEqual([config.layers, config.width, config.heads], [1, 8, 1]);
      assert.equal(weights.length, done.after.weights);
      assert.ok(done.after.weights < done.before.weights && done.after.memory < done.before.memory);
      const { before, after } = done.speed;
      assert.ok(before.seconds > 0 && after.seconds > 0 && after.processorSeconds > 0);
      const record = await recordOf(done);
      assert.equal(record.training['steps'], 3);
      const history = JSON.parse(
        (await readArtifact(context.home, versionFile(record, 'history')!)).toString(),
      );
      assert.equal((history as unknown[]).length, 3);
    });

    it('takes a network that answers alone, and judges it without an ensemble', async () => {
      const done = await smaller({ method: 'quantise' }, 0.05, 'alone');
      assert.deepEqual(
        done.comparisons.map(({ subject }) => subject),
        ['network', 'hourly'],
      );
      assert.equal((await recordOf(done)).lineage.forecaster, undefined);
    });

    it('makes both smaller where another fit was scored than the one that answers', async () => {
      const done = await smaller({ method: 'quantise' }, 0.02, 'refit');
      const { lineage, compression } = await recordOf(done);
      assert.equal(compression!.parent.name, 'refit');
      const scored = await readManifest(context.home, lineage.backtest, 'backtest');
      assert.equal(scored.inputs[0]!.sha256, lineage.refitOf!.sha256);
      const before = (await recordOf({ name: 'refit', version: 1 })).lineage;
      assert.notEqual(lineage.refitOf!.sha256, before.refitOf!.sha256);
      const sizes = [lineage.forecaster!, lineage.refitOf!].map(async (fit) => {
        const { files } = await readManifest(context.home, fit, 'forecaster');
        return files.find(({ role }) => role === 'transformer')!;
      });
      const [answers, fit] = (await Promise.all(sizes)) as [ArtifactReference, ArtifactReference];
      assert.ok(answers.bytes === fit.bytes && answers.sha256 !== fit.sha256);
    });

    it('refuses a version whose forecasts are not its network’s', async () => {
      const refused = smaller({ method: 'quantise' }, 0.02, 'beside');
      await assert.rejects(refused, /beside version 1 forecasts is not its network's answer/);
    });
  });

  describe('on the command line', () => {
    it('is a verb, which refuses what it cannot mean and says what came of the rest', async () => {
      const home = ['--home', context.home.root];
      const refusals: [string[], RegExp][] = [
        [['--method', 'prune', '--sparsity', '1'], /`compress --method prune` cannot be done so: sparsity: /],
        [['--method', 'quantise', '--layers', '1'], /cannot be done so: .*layers/],
        [['--method', 'quantise', '--most-loss', '-1'], /--most-loss is a share/],
      ];
      for (const [flags, reason] of refusals) {
        assert.match(await refusalOf(['compress', NAME, '1', ...flags, ...home]), reason);
      }
      const flags = ['--method', 'prune', '--sparsity', '0.97'];
      const done = await ringwatt(['compress', NAME, '1', ...flags, ...home]);
      assert.equal(done.code, 1);
      assert.match(done.stderr, /region +who +hours/);
      assert.match(done.stderr, /^error: The smaller network is refused and nothing was kept/m);
      const [listed] = await listModels(context, { name: NAME });
      assert.equal(listed!.versions.length, 5);
    });
  });
});
