import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetGrid } from '../../src/backtest/forecast-grid.ts';
import { forgetModels } from '../../src/backtest/forecast-model.ts';
import { forecast } from '../../src/backtest/forecast-stage.ts';
import { isIssueTime, newestDayAheadIssue } from '../../src/backtest/forecast-day-ahead.ts';
import { backtest } from '../../src/backtest/stage.ts';
import { fitForecasterInput } from '../../src/contracts/forecasters.ts';
import { compareInput } from '../../src/contracts/learning.ts';
import { BadInputError } from '../../src/errors.ts';
import { compareVersions } from '../../src/learning/compare-stage.ts';
import { loadConfig } from '../../src/config/config.ts';
import { fromHourStamp, HOUR_SECONDS } from '../../src/contracts/time.ts';
import { firstIssueFrom, issuesOf, MEDIAN, QUANTILES } from '../../src/day-ahead/issue-table.ts';
import { readIssueTable, type IssueDetails } from '../../src/day-ahead/read.ts';
import { openForecaster } from '../../src/forecasters/open.ts';
import { fitForecaster } from '../../src/forecasters/stage.ts';
import { DatasetSource, trainedNetwork } from '../../src/forecasters/trained-network.ts';
import { transformer } from '../../src/forecasters/transformer.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { rowsKnownAt } from '../../src/lake/grid-rows.ts';
import { Home } from '../../src/lake/home.ts';
import { registerModel } from '../../src/registry/stage.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { REGION, SCORE, shippedRows, trainedHome, writeGrid, writeModel } from './trained-home.ts';

const NAME = 'day-ahead';
/** 10:00 of Pacific standard time. */
const ISSUE = '2019-03-14T18';

describe('a forecast of the day ahead', function () {
  let context: StageContext;
  let made: Awaited<ReturnType<typeof trainedHome>>;
  const asked = { name: NAME, version: 1, regions: [REGION] as (typeof REGION)[] };

  before(async () => {
    const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-test-')));
    const config = loadConfig({}, { environment: {} });
    context = { home, config, signal: new AbortController().signal, progress() {}, log: silentLogger };
    made = await trainedHome(context);
    made.model = await writeModel(context, made.sequences, { issueHead: true });
    const { model, sequences } = made;
    const scored = await backtest(context, { model, sequences, score: SCORE, issueHourLocal: 10 });
    await registerModel(context, { name: NAME, model, backtest: scored.dataset });
  });
  after(() => rm(context.home.root, { recursive: true, force: true }));

  it('as of a moment is the newest issue by then', async () => {
    const issued = async (asOf: string) =>
      (await forecast(context, { ...asked, asOf, grid: made.grid })).answers.map(({ issuedAt }) => issuedAt);
    assert.deepEqual(await issued('2019-03-15T02'), [ISSUE]);
    assert.deepEqual(await issued(ISSUE), [ISSUE]);
    assert.deepEqual(await issued('2019-03-14T17'), ['2019-03-13T18']);
    assert.deepEqual(await issued('2030-01-01T00'), await issued('2031-01-01T00'));
  });

  it('is answered at the issue hour, 24 local hours with quantiles, as the backtest’s tables are', async () => {
    const { rows, answers, levels } = await forecast(context, { ...asked, issuedAt: ISSUE, grid: made.grid });
    assert.deepEqual(answers, [{ region: REGION, issuedAt: ISSUE, by: 'day-ahead' }]);
    assert.deepEqual(levels, [...QUANTILES]);
    assert.deepEqual(
      [rows.length, rows[0]!.hour, rows[0]!.lead, rows[23]!.lead],
      [24, '2019-03-15T09', 15, 38],
    );
    for (const { quantilesMw, forecastMw } of rows) {
      assert.equal(quantilesMw![MEDIAN], forecastMw);
      assert.deepEqual(
        quantilesMw!.toSorted((a, b) => a - b),
        quantilesMw,
      );
    }
    const { home } = context;
    const sequences = await readManifest(home, made.sequences);
    const whole = await readIssueTable(home, sequences, REGION);
    const at = firstIssueFrom(whole, fromHourStamp(ISSUE));
    const table = issuesOf(whole, { from: at, to: at + 1 });
    await using source = new DatasetSource(home, sequences);
    const network = await trainedNetwork(home, made.model);
    // Of a source of records the network reads each issue from the window that its hour is in.
    const inWindows = Object.assign(source, { records: { of: () => source, sameBefore: () => -Infinity } });
    const fitted = await transformer(network, inWindows).fit(
      { tables: [], knownBy: 0 },
      { seed: 1, signal: context.signal },
    );
    const expected = await fitted.predict(table);
    rows.forEach(({ quantilesMw }, cell) =>
      quantilesMw!.forEach((mw, q) => {
        const other = expected[cell * QUANTILES.length + q]!;
        assert.ok(Math.abs(mw / other - 1) < 1e-4, `${cell} ${q}: ${mw} is not ${other}`);
      }),
    );
  });

  it('says where the operator had forecast nothing of the day, also when it was made before', async () => {
    const rows = await shippedRows();
    const from = fromHourStamp(ISSUE);
    const availableAt = rows.availableAt.map((moment, i) =>
      rows.labels[rows.series[i]!] === 'DF' && rows.validAt[i]! > from ? Infinity : moment,
    );
    const grid = await writeGrid(context, rowsKnownAt({ ...rows, availableAt }, Number.MAX_VALUE), 'silent');
    const said = async () => (await forecast(context, { ...asked, issuedAt: ISSUE, grid })).withoutOperator;
    assert.deepEqual([await said(), await said()], [[REGION], [REGION]]);
    const honest = await forecast(context, { ...asked, issuedAt: ISSUE, grid: made.grid });
    assert.equal(honest.withoutOperator, undefined);
  });

  it('is not moved by anything that became known after its issue', async () => {
    const honest = await forecast(context, { ...asked, issuedAt: ISSUE, grid: made.grid });
    const rows = await shippedRows();
    const moment = fromHourStamp(ISSUE);
    const garbage = rows.value.map((mw, i) => (rows.availableAt[i]! > moment ? (i % 7) * 900 - 500 : mw));
    const grid = await writeGrid(context, { ...rows, value: garbage }, 'garbage after the issue');
    const blind = await forecast(context, { ...asked, issuedAt: ISSUE, grid });
    assert.deepEqual(blind.rows, honest.rows);
    const newest = rows.value.map((mw, i) => (rows.availableAt[i] === moment ? mw * 1.2 : mw));
    const other = await writeGrid(context, { ...rows, value: newest }, 'another newest hour known');
    assert.notDeepEqual(
      (await forecast(context, { ...asked, issuedAt: ISSUE, grid: other })).rows,
      honest.rows,
    );
  });

  it('is the newest one by default; at another hour the hourly heads answer, without quantiles', async () => {
    const { answers, rows } = await forecast(context, { ...asked, grid: made.grid });
    assert.deepEqual(answers, [{ region: REGION, issuedAt: '2019-03-31T18', by: 'day-ahead' }]);
    assert.equal(rows.at(-1)!.hour, '2019-04-02T08');
    const hourly = await forecast(context, { ...asked, issuedAt: '2019-03-14T17', grid: made.grid });
    assert.deepEqual([hourly.answers[0]!.by, hourly.levels, hourly.rows.length], ['hourly', [], 48]);
    assert.ok(hourly.rows.every(({ quantilesMw }) => quantilesMw === null));
  });

  it('follows what its members have erred since their fit, as its backtest does', async () => {
    const { home } = context;
    const { sequences, model: training } = made;
    const members = ['operator', 'latestKnown', 'transformer'] as const;
    const asked = { sequences, training, members: [...members], validationDays: 14, through: '2019-03-08' };
    const { dataset } = await fitForecaster(context, fitForecasterInput.parse(asked));
    const score = { from: '2019-03-10', to: '2019-03-30' };
    const scored = await backtest(context, { model: dataset, sequences, score, issueHourLocal: 10 });
    const name = 'follows';
    const { version } = await registerModel(context, { name, model: dataset, backtest: scored.dataset });
    const issuedAt = '2019-03-28T18';
    const input = { name, version, regions: [REGION] as (typeof REGION)[], issuedAt, grid: made.grid };
    const { rows } = await forecast(context, input);
    const whole = await readIssueTable(home, await readManifest(home, sequences), REGION);
    await using opened = await openForecaster(home, dataset, sequences);
    const { fitted } = opened;
    const at = firstIssueFrom(whole, fromHourStamp(issuedAt));
    const answered = async (from: number) =>
      (await fitted.predict(issuesOf(whole, { from, to: at + 1 }))).subarray(-24 * QUANTILES.length);
    const furthest = (expected: Float64Array) =>
      rows
        .flatMap(({ quantilesMw }) => quantilesMw!)
        .reduce((most, mw, i) => Math.max(most, Math.abs(mw / expected[i]! - 1)), 0);
    const since = firstIssueFrom(whole, fitted.details.knownBy);
    assert.ok(at - since > 15);
    assert.ok(furthest(await answered(since)) < 1e-4);
    assert.ok(furthest(await answered(at)) > 1e-3, 'one issue alone would stand as at the fit');
  });

  it('is made without a network too, compared with others, and from no other hour', async () => {
    const { sequences } = made;
    const settings = {
      sequences,
      members: ['operator', 'latestKnown'],
      validationDays: 14,
      through: '2019-03-08',
    };
    const { dataset } = await fitForecaster(context, fitForecasterInput.parse(settings));
    const score = { from: '2019-03-10', to: '2019-03-30' };
    const scored = await backtest(context, { model: dataset, sequences, score, issueHourLocal: 10 });
    const name = 'networkless';
    const { version } = await registerModel(context, { name, model: dataset, backtest: scored.dataset });
    const input = { name, version, regions: [REGION] as (typeof REGION)[], grid: made.grid };
    const { rows, answers } = await forecast(context, { ...input, issuedAt: '2019-03-28T18' });
    assert.equal(answers[0]!.by, 'day-ahead');
    assert.ok(rows.length === 24 && rows.every(({ quantilesMw }) => quantilesMw!.every((mw) => mw > 0)));
    const { hours, mape } = await compareVersions(
      context,
      compareInput.parse({
        name,
        versions: [version],
        from: '2019-03-12T00',
        to: '2019-03-14T00',
        grid: made.grid,
      }),
    );
    assert.ok(hours > 0 && mape[0]!.mape! > 0);
    await assert.rejects(forecast(context, { ...input, issuedAt: '2019-03-28T17' }), (error) => {
      assert.ok(error instanceof BadInputError);
      assert.match(error.line, /no network.*issued at 18:00 UTC.*Give such an hour/s);
      return true;
    });
  });

  it('is the same, to the bit, from a process that has forecast before, from a new one, and read again', async () => {
    const input = { ...asked, issuedAt: '2019-03-20T18', grid: made.grid };
    await forecast(context, { ...input, issuedAt: '2019-03-19T18' });
    const warm = await forecast(context, input);
    assert.deepEqual(await forecast(context, input), { ...warm, reused: true });
    await rm(context.home.pathOf(warm.dataset));
    forgetGrid();
    forgetModels();
    assert.deepEqual(await forecast(context, input), warm);
    const { inputs, madeBy } = await readManifest(context.home, warm.dataset, 'forecast');
    assert.deepEqual(inputs[1]!.uri, made.grid.uri);
    assert.ok('judged' in (madeBy.settings as object));
  });

  it('takes nothing over from the forecast before it where the record has been revised since', async () => {
    const input = { name: 'follows', version: 1, regions: [REGION] as (typeof REGION)[] };
    const today = { ...input, issuedAt: '2019-03-28T18' };
    const before = await forecast(context, { ...input, issuedAt: '2019-03-27T18', grid: made.grid });
    const asKnown = await forecast(context, { ...today, grid: made.grid });
    // One hour of an issue that is followed.
    const rows = await shippedRows();
    const hour = fromHourStamp('2019-03-20T20');
    const demand = rows.labels.indexOf('D');
    const value = rows.value.map((mw, i) =>
      rows.validAt[i] === hour && rows.series[i] === demand ? 1.08 * mw : mw,
    );
    const grid = await writeGrid(context, { ...rows, value }, 'a followed hour revised');
    const revised = await forecast(context, { ...today, grid });
    assert.notDeepEqual(revised.rows, asKnown.rows);
    for (const [asked, warm] of [
      [{ ...today, grid }, revised],
      [{ ...today, grid: made.grid }, asKnown],
      [{ ...input, issuedAt: '2019-03-27T18', grid: made.grid }, before],
    ] as const) {
      await rm(context.home.pathOf(warm.dataset));
      forgetGrid();
      forgetModels();
      assert.deepEqual((await forecast(context, asked)).rows, warm.rows);
    }
  });

  it('is issued when the newest hour that it stands at has been seen', () => {
    const details = { issueHourLocal: 10 } as IssueDetails;
    const issue = fromHourStamp(ISSUE);
    assert.ok(isIssueTime(issue, REGION, details) && !isIssueTime(issue + HOUR_SECONDS, REGION, details));
    assert.ok(isIssueTime(issue - 3 * HOUR_SECONDS, 'MISO', details));
    const newest = (validAt: number, availableAt = validAt + HOUR_SECONDS) =>
      newestDayAheadIssue({ validAt, availableAt }, REGION, details) - issue;
    assert.equal(newest(issue - HOUR_SECONDS), 0);
    assert.equal(newest(issue + 5 * HOUR_SECONDS), 0);
    assert.equal(newest(issue - 2 * HOUR_SECONDS), -24 * HOUR_SECONDS);
    assert.equal(newest(issue - HOUR_SECONDS, issue + 60), -24 * HOUR_SECONDS, 'seen too late');
  });
});
