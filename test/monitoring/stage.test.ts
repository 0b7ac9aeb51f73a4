import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { forgetGrid } from '../../src/backtest/forecast-grid.ts';
import { forgetModels } from '../../src/backtest/forecast-model.ts';
import { backtest } from '../../src/backtest/stage.ts';
import { loadConfig } from '../../src/config/config.ts';
import { driftInput, driftResult } from '../../src/contracts/drift.ts';
import { fitForecasterInput } from '../../src/contracts/forecasters.ts';
import { fromHourStamp } from '../../src/contracts/time.ts';
import { fitForecaster } from '../../src/forecasters/stage.ts';
import { readArtifact, readManifest } from '../../src/lake/artifacts.ts';
import { rowsKnownAt, type GridRows } from '../../src/lake/grid-rows.ts';
import { Home } from '../../src/lake/home.ts';
import { readDrift } from '../../src/monitoring/drift/report.ts';
import { checkDrift } from '../../src/monitoring/drift/stage.ts';
import { registerModel } from '../../src/registry/stage.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { ringwatt } from '../cli/command.ts';
import { shippedRows, trainedHome, writeGrid, writeModel } from '../backtest/trained-home.ts';

const AS_OF = '2019-03-31T00';
const NAME = 'watched';

describe('checkDrift', function () {
  let context: StageContext;
  let made: Awaited<ReturnType<typeof trainedHome>>;

  before(async () => {
    const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-test-')));
    const config = loadConfig({}, { environment: {} });
    context = { home, config, signal: new AbortController().signal, progress() {}, log: silentLogger };
    made = await trainedHome(context);
    const training = await writeModel(context, made.sequences, { issueHead: true });
    const { sequences } = made;
    const asked = { sequences, training, members: ['operator', 'latestKnown'], validationDays: 14 };
    const fit = fitForecasterInput.parse({ ...asked, through: '2019-02-20' });
    const { dataset: model } = await fitForecaster(context, fit);
    const score = { from: '2019-02-22', to: '2019-03-15' };
    const scored = await backtest(context, { model, sequences, score, issueHourLocal: 10 });
    await registerModel(context, { name: NAME, model, backtest: scored.dataset });
  });
  after(async () => {
    forgetGrid();
    forgetModels();
    await rm(context.home.root, { recursive: true, force: true });
  });

  const check = (given: object = {}) =>
    checkDrift(
      context,
      driftInput.parse({ name: NAME, version: 1, windowDays: 14, asOf: AS_OF, grid: made.grid, ...given }),
    );

  /** The shipped rows as a grid of their own, some of them changed. */
  async function gridWith(name: string, change: (row: number, rows: GridRows) => number) {
    const rows = await shippedRows();
    return writeGrid(context, { ...rows, value: rows.value.map((_, row) => change(row, rows)) }, name);
  }

  it('holds the newest days against the backtest, says what it cannot judge, and is done once', async () => {
    const result = await check();
    assert.deepEqual(driftResult.parse(JSON.parse(JSON.stringify(result))), result);
    assert.deepEqual([result.drifted, result.findings, result.reused], [false, [], false]);
    const { document, page } = await readDrift(
      context.home,
      await readManifest(context.home, result.dataset, 'drift'),
    );
    const [{ window, performance, concept, notJudged }] = document.regions as [(typeof document.regions)[0]];
    assert.deepEqual(window, { from: '2019-03-17T00', to: '2019-03-30T23' });
    assert.ok(performance!.hours > 300 && performance!.baselineHours >= 20 * 24);
    assert.ok(performance!.mape > 0.01 && performance!.mape < 0.06);
    assert.equal(concept!.given.length, 3);
    assert.ok(notJudged.every((what) => /no earlier year/.test(what)));
    assert.equal(result.facts['accuracy'], 1 - performance!.mape);
    assert.match(page, /Nothing has drifted/);
    assert.deepEqual(await check(), { ...result, reused: true });
  });

  it('finds demand that the operator no longer forecasts', async () => {
    const begins = fromHourStamp('2019-03-19T08');
    const grid = await gridWith('higher', (row, { labels, series, validAt, value }) =>
      labels[series[row]!] === 'D' && validAt[row]! >= begins ? 1.13 * value[row]! : value[row]!,
    );
    const { findings, facts, dataset } = await check({ grid });
    const kinds = [...new Set(findings.map(({ kind }) => kind))];
    // For the week-ago value hours have become as much harder, so it is the errors given their inputs that tell.
    assert.deepEqual(kinds, ['concept']);
    assert.ok(facts['accuracy']! < facts['baseline_accuracy']!);
    assert.match(
      findings[0]!.what,
      /^PACW: errors at the same hour of the day are shifted by 0\.\d\d deviations/,
    );
    const manifest = await readManifest(context.home, dataset, 'drift');
    const page = await readArtifact(
      context.home,
      manifest.files.find(({ role }) => role === 'page')!,
    );
    assert.match(page.toString('utf8'), /What has drifted/);
  });

  it('names the plainest cause: the operator’s forecast, which its backtest had, is missing in the window', async () => {
    const begins = fromHourStamp('2019-03-16T08');
    const rows = await shippedRows();
    const availableAt = rows.availableAt.map((moment, row) =>
      rows.labels[rows.series[row]!] === 'DF' && rows.validAt[row]! >= begins ? Infinity : moment,
    );
    const grid = await writeGrid(context, rowsKnownAt({ ...rows, availableAt }, Number.MAX_VALUE), 'silent');
    const { drifted, findings, facts, dataset } = await check({ grid });
    const { document, page } = await readDrift(
      context.home,
      await readManifest(context.home, dataset, 'drift'),
    );
    const { hours } = document.regions[0]!.performance!;
    const [{ kind, what }] = findings as [(typeof findings)[0]];
    assert.deepEqual([drifted, facts['data_drift'], kind], [true, 1, 'data']);
    assert.equal(
      what,
      `PACW: the operator’s forecast is missing in the window: 0 of ${hours} hours have it (backtest: all).`,
    );
    assert.match(page, /the operator’s forecast is missing in the window/);
    assert.match(
      document.regions[0]!.notJudged.join('; '),
      /operator’s forecast to demand: the record has only 0 of the window’s 336 hours/,
    );
  });

  it('is told on a terminal with the page to open, and no two columns of a name', async () => {
    await check();
    const asked = ['drift', NAME, '--model-version', '1', '--window-days', '14', '--as-of', AS_OF];
    const { code, stdout, stderr } = await ringwatt([
      ...[...asked, '--grid', made.grid.uri, '--home', context.home.root],
    ]);
    assert.equal(code, 0, stderr);
    const [, url] = /^report +(file:.*\.html)$/m.exec(stdout) ?? assert.fail(stdout);
    assert.match(await readFile(fileURLToPath(url!), 'utf8'), /Nothing has drifted/);
    const names = stdout
      .split('\n')
      .find((line) => line.startsWith('region'))!
      .split(/ {2,}/);
    assert.equal(new Set(names).size, names.length, names.join(' | '));
  });

  it('sees nothing that became known after its moment', async () => {
    const moment = fromHourStamp('2019-03-24T00');
    const honest = await check({ asOf: '2019-03-24T00' });
    const grid = await gridWith('garbage later', (row, { availableAt, value }) =>
      availableAt[row]! > moment ? (row % 7) * 900 - 500 : value[row]!,
    );
    const blind = await check({ asOf: '2019-03-24T00', grid });
    assert.deepEqual([blind.facts, blind.findings], [honest.facts, honest.findings]);
    const known = await gridWith('garbage before', (row, { availableAt, value }) =>
      Math.abs(availableAt[row]! - moment + 86_400) < 40_000 ? 1.3 * value[row]! : value[row]!,
    );
    assert.notDeepEqual((await check({ asOf: '2019-03-24T00', grid: known })).facts, honest.facts);
  });

  it('goes by its thresholds, and does not judge what it has learnt from', async () => {
    const strict = await check({ thresholds: { accuracy_drop: 1e-9 }, asOf: '2019-03-28T00' });
    const lax = await check({ asOf: '2019-03-28T00' });
    assert.notEqual(strict.dataset.sha256, lax.dataset.sha256);
    const early = await check({ asOf: '2019-02-20T00' });
    const { document } = await readDrift(context.home, await readManifest(context.home, early.dataset));
    assert.equal(document.regions[0]!.performance, null);
    assert.match(document.regions[0]!.notJudged.join('; '), /after what the version has learnt from/);
    assert.equal(early.facts['accuracy'], undefined);
  });

  it('refuses what there is not', async () => {
    await assert.rejects(check({ regions: ['ERCO'] }), /does not know ERCO/);
    await assert.rejects(check({ version: 7 }), /no version 7/);
    await assert.rejects(check({ version: undefined }), /has no champion/);
  });
});
