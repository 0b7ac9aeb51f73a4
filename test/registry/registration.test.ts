import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RegisterResult } from '../../src/contracts/stages.ts';
import { CorruptArtifactError, MissingDataError } from '../../src/errors.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { listModels, readVersion, registerModel } from '../../src/registry/stage.ts';
import { withHome } from '../backtest/sample-home.ts';
import { rescored, scoredSample } from './scored-sample.ts';

const REGISTER_PROCESS = fileURLToPath(new URL('./register-process.ts', import.meta.url));
const run = promisify(execFile);

describe('registry', () => {
  it('keeps a version with everything it needs, and what it came from', () =>
    withHome(async (context) => {
      const sample = await scoredSample(context);
      const { model, backtest, sequences, grid } = sample;
      const made = await registerModel(context, { name: 'day-ahead', model, backtest });
      assert.deepEqual([made.version, made.reused], [1, false]);
      const { record, sha256, model: copy } = await readVersion(context, made);
      assert.equal(sha256, made.sha256);
      assert.deepEqual(record.files.map(({ role }) => role).sort(), [
        'card',
        'card-text',
        'catalogue',
        'history',
        'manifest',
        'normaliser',
        'weights',
      ]);
      assert.equal(record.lineage.grid?.sha256, grid.sha256);
      assert.equal(record.datasetSha256, sequences.sha256);
      assert.equal(record.metrics[0]!.region, 'PACW');
      assert.ok(record.metrics[0]!.mape.model! > 0);
      const { mode } = await stat(context.home.path('models/day-ahead/1/version.json'));
      assert.equal(mode & 0o077, 0);
      // The copy's manifest refers to the copies alone, so the originals may go.
      await rm(context.home.path('training'), { recursive: true });
      await readVersion(context, made);
      const manifest = await readManifest(context.home, copy, 'training');
      assert.ok(manifest.files.every(({ uri }) => uri.startsWith('models/day-ahead/1/')));
    }));

  it('says which hours its scores are of, and that its card is damaged', () =>
    withHome(async (context) => {
      const { model, backtest } = await scoredSample(context);
      await registerModel(context, { name: 'day-ahead', model, backtest });
      const version = async () => (await listModels(context))[0]!.versions[0]!;
      const { scores, scoredOn } = await version();
      const { hours } = scores[0]!;
      assert.deepEqual(scoredOn, { regions: ['PACW'], from: '2018-03', to: '2018-03', hours });
      await writeFile(context.home.path('models/day-ahead/1/card.json'), '{}');
      assert.match((await version()).damaged!, /card\.json/);
    }));

  it('gives the same lineage the same version, and another backtest the next', () =>
    withHome(async (context) => {
      const sample = await scoredSample(context);
      const { model, backtest } = sample;
      const first = await registerModel(context, { name: 'day-ahead', model, backtest });
      const again = await registerModel(context, { name: 'day-ahead', model, backtest });
      assert.deepEqual(again, { ...first, reused: true });
      const other = await rescored(context, sample, 'other');
      const next = await registerModel(context, { name: 'day-ahead', model, backtest: other });
      assert.deepEqual([next.version, next.reused], [2, false]);
      const [listing] = await listModels(context);
      assert.deepEqual(
        listing!.versions.map(({ version, sha256 }) => [version, sha256]),
        [
          [1, first.sha256],
          [2, next.sha256],
        ],
      );
    }));

  it('gives processes that register at once versions of their own, and one lineage only one', () =>
    withHome(async (context) => {
      const sample = await scoredSample(context);
      const others = await Promise.all(['a', 'b'].map((note) => rescored(context, sample, note)));
      const backtests = [sample.backtest, sample.backtest, ...others];
      const results = await Promise.all(
        backtests.map(async (backtest) => {
          const input = JSON.stringify({ name: 'day-ahead', model: sample.model, backtest });
          const { stdout } = await run(process.execPath, [REGISTER_PROCESS, context.home.root, input]);
          return JSON.parse(stdout) as RegisterResult;
        }),
      );
      assert.equal(results[0]!.version, results[1]!.version);
      assert.deepEqual([results[0]!.reused, results[1]!.reused].sort(), [false, true]);
      assert.deepEqual([...new Set(results.map(({ version }) => version))].sort(), [1, 2, 3]);
      for (const { version } of results) await readVersion(context, { name: 'day-ahead', version });
      const left = await readdir(context.home.path('models/day-ahead'));
      assert.deepEqual(left.sort(), ['1', '2', '3']);
    }));

  it('is not disturbed by what an interrupted registration left', () =>
    withHome(async (context) => {
      const { model, backtest } = await scoredSample(context);
      await mkdir(context.home.path('models/day-ahead/.placing-1.99.dead'), { recursive: true });
      const { version } = await registerModel(context, { name: 'day-ahead', model, backtest });
      assert.equal(version, 1);
    }));

  it('refuses a version whose files or record were changed, by name', () =>
    withHome(async (context) => {
      const { model, backtest } = await scoredSample(context);
      const made = await registerModel(context, { name: 'day-ahead', model, backtest });
      const path = context.home.path('models/day-ahead/1/weights.safetensors');
      await appendFile(path, 'x');
      await assert.rejects(
        readVersion(context, made),
        (error: CorruptArtifactError) =>
          error instanceof CorruptArtifactError && error.message.includes('weights.safetensors'),
      );
      await appendFile(context.home.path('models/day-ahead/1/version.json'), 'x');
      await assert.rejects(readVersion(context, made), CorruptArtifactError);
    }));

  it('says which models and versions there are when asked for another', () =>
    withHome(async (context) => {
      const sample = await scoredSample(context);
      const { model, backtest } = sample;
      await assert.rejects(readVersion(context, { name: 'day-ahead', version: 1 }), /There is no model/);
      await registerModel(context, { name: 'day-ahead', model, backtest });
      await assert.rejects(
        readVersion(context, { name: 'day-ahead', version: 7 }),
        (error: MissingDataError) => /no version 7; it has 1\./.test(error.message),
      );
      await assert.rejects(readVersion(context, { name: '../x', version: 1 }), /not a model's name/);
    }));

  it('refuses a backtest of another model, and leaves nothing behind when a file is damaged', () =>
    withHome(async (context) => {
      const { model, backtest } = await scoredSample(context);
      const stranger = { ...model, sha256: 'f'.repeat(64) };
      await assert.rejects(
        registerModel(context, { name: 'day-ahead', model: stranger, backtest }),
        CorruptArtifactError,
      );
      const manifest = await readManifest(context.home, model);
      await appendFile(context.home.path(manifest.files[0]!.uri), 'x');
      await assert.rejects(registerModel(context, { name: 'day-ahead', model, backtest }), /SHA-256 differs/);
      assert.deepEqual(await readdir(context.home.path('models/day-ahead')), []);
      assert.ok((await readFile(context.home.path(model.uri))).length > 0);
    }));
});
