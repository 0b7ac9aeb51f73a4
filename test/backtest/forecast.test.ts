import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backtest, forecast } from '../../src/backtest/stage.ts';
import { forecastRegion, readRegionRecord } from '../../src/backtest/forecast.ts';
import { detailsOf, openRegion } from '../../src/backtest/dataset.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { RegisterResult } from '../../src/contracts/stages.ts';
import { fromHourStamp, HOUR_SECONDS, toHourStamp } from '../../src/contracts/time.ts';
import { BadInputError, MissingDataError } from '../../src/errors.ts';
import { readArtifact, readManifest } from '../../src/lake/artifacts.ts';
import { Home } from '../../src/lake/home.ts';
import { draw } from '../../src/registry/answering.ts';
import { readVersion, registerModel, writeCanary, writeChampion } from '../../src/registry/stage.ts';
import { writeReport } from '../../src/report/stage.ts';
import { parseNormaliser } from '../../src/sequences/normaliser.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { REGION, SCORE, shippedRows, trainedHome, writeGrid } from './trained-home.ts';

const NAME = 'day-ahead';

describe('forecast and backtest of a registered model on the shipped record', function () {
  let context: StageContext;
  let made: Awaited<ReturnType<typeof trainedHome>>;
  let registered: RegisterResult;

  before(async () => {
    const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-test-')));
    const config = loadConfig({}, { environment: {} });
    context = { home, config, signal: new AbortController().signal, progress() {}, log: silentLogger };
    made = await trainedHome(context);
  });

  after(() => rm(context.home.root, { recursive: true, force: true }));

  const scoring = () => {
    const { model, sequences } = made;
    return backtest(context, { model, sequences, score: SCORE, issueHourLocal: 10 });
  };

  it('scores once, and finds the scores again', async () => {
    const first = await scoring();
    assert.equal(first.reused, false);
    const [score] = first.scores;
    assert.ok(score!.hours > 700 && score!.hours <= 744);
    assert.ok(score!.mape['model']! > 0 && score!.mape['model'] !== score!.mape['latestKnown']);
    assert.ok(score!.mape['operator']! < score!.mape['persistence48']!);
    assert.deepEqual(await scoring(), { ...first, reused: true });
    registered = await registerModel(context, { name: NAME, model: made.model, backtest: first.dataset });
    const { report } = await writeReport(context, {
      ...made,
      backtest: first.dataset,
      name: NAME,
      version: registered.version,
    });
    assert.ok(report.bytes > 20_000);
  });

  it('says that nobody is champion, and which models, versions, regions and hours there are', async () => {
    const asked = { name: NAME, regions: [REGION] as (typeof REGION)[] };
    await assert.rejects(
      forecast(context, asked),
      (error: MissingDataError) => error instanceof MissingDataError && /no champion/.test(error.message),
    );
    await assert.rejects(forecast(context, { ...asked, version: 7 }), /no version 7; it has 1\./);
    await assert.rejects(forecast(context, { ...asked, name: 'other', version: 1 }), /no model other/);
    const { version } = registered;
    await assert.rejects(
      forecast(context, { name: NAME, version, regions: ['MISO'] }),
      (error: BadInputError) => /does not know MISO/.test(error.message) && /PACW/.test(error.cure),
    );
    await assert.rejects(
      forecast(context, { ...asked, version, issuedAt: '2019-05-01T00' }),
      (error: MissingDataError) =>
        /newest demand of PACW is that of 2019-04-01T00/.test(error.message) &&
        /another issue time/.test(error.cure),
    );
    await assert.rejects(
      forecast(context, { ...asked, version, issuedAt: '2019-01-01T10' }),
      (error: MissingDataError) =>
        /begins at 2019-01-01T01/.test(error.message) && /2019-01-02T02 or later/.test(error.cure),
    );
  });

  it('forecasts the next 48 hours by the champion from the newest hour, once', async () => {
    const { version, sha256 } = registered;
    await writeChampion(context, {
      name: NAME,
      generation: 1,
      version,
      sha256,
      since: '2026-01-01T00:00:00Z',
      previous: [],
    });
    const first = await forecast(context, { name: NAME, regions: [REGION] });
    assert.deepEqual([first.model.version, first.reused, first.rows.length], [version, false, 48]);
    assert.equal(first.answeredBy.role, 'champion');
    first.rows.forEach(({ issuedAt, hour, lead, forecastMw, latestKnownMw }, i) => {
      assert.equal(issuedAt, '2019-04-01T01');
      assert.equal(lead, i);
      assert.equal(fromHourStamp(hour) - fromHourStamp(issuedAt), i * HOUR_SECONDS);
      assert.ok(forecastMw > 1000 && forecastMw < 5000 && forecastMw !== latestKnownMw);
    });
    const again = await forecast(context, { name: NAME, regions: [REGION] });
    assert.deepEqual(again, { ...first, reused: true });
  });

  it('is answered by the canary for its share, and says why', async () => {
    const { model, sequences } = made;
    const scored = await backtest(context, { model, sequences, score: SCORE, issueHourLocal: 11 });
    const second = await registerModel(context, { name: NAME, model, backtest: scored.dataset });
    const { version, sha256 } = second;
    const canary = { version, sha256, share: 0.5, since: '2026', generation: 1, championGeneration: 1 };
    await writeCanary(context, { name: NAME, generation: 1, canary });
    const roles = new Set<string>();
    for (const user of Array.from({ length: 8 }, (_, i) => `user ${i}`)) {
      const asked = { name: NAME, regions: [REGION] as (typeof REGION)[], user };
      const { model: by, answeredBy, rows } = await forecast(context, asked);
      const isCanary = draw(NAME, 1, { regions: [REGION], issuedAt: '2019-04-01T01' }, user) < 0.5;
      assert.equal(answeredBy.role, isCanary ? 'canary' : 'champion');
      assert.equal(by.version, isCanary ? version : registered.version);
      assert.match(answeredBy.why, /this call drew/);
      assert.equal(rows.length, 48);
      roles.add(answeredBy.role);
    }
    assert.equal(roles.size, 2);
    await writeCanary(context, { name: NAME, generation: 2, canary: null });
  });

  it('is not moved by anything that became known after its issue', async () => {
    const issuedAt = '2019-03-14T17';
    const asked = { name: NAME, regions: [REGION] as (typeof REGION)[], issuedAt };
    const honest = await forecast(context, { ...asked, grid: made.grid });
    const rows = await shippedRows();
    const moment = fromHourStamp(issuedAt);
    const value = rows.value.map((mw, i) => (rows.availableAt[i]! > moment ? (i % 7) * 900 - 500 : mw));
    const garbage = await writeGrid(context, { ...rows, value }, 'garbage after issue');
    const blind = await forecast(context, { ...asked, grid: garbage });
    assert.notEqual(blind.dataset.sha256, honest.dataset.sha256);
    assert.deepEqual(blind.rows, honest.rows);
    const before = rows.value.map((mw, i) => (Object.is(rows.availableAt[i], moment) ? mw * 1.2 : mw));
    const moved = await writeGrid(context, { ...rows, value: before }, 'another newest hour');
    const other = await forecast(context, { ...asked, grid: moved });
    assert.notDeepEqual(other.rows, honest.rows);
  });

  it('sees what came late but before its issue, as if it had come in time, and nothing that came after', async () => {
    const issuedAt = '2019-03-14T17';
    const moment = fromHourStamp(issuedAt);
    const asked = { name: NAME, regions: [REGION] as (typeof REGION)[], issuedAt };
    const inTime = await forecast(context, { ...asked, grid: made.grid });
    const rows = await shippedRows();
    // As after a first back-fill: two days of every series are seen at once, a minute before the issue.
    const isRecent = (i: number) =>
      rows.availableAt[i]! <= moment && rows.availableAt[i]! > moment - 48 * HOUR_SECONDS;
    const seenAt = (when: number) =>
      rows.availableAt.map((availableAt, i) => (isRecent(i) ? when : availableAt));
    const backFilled = { ...rows, availableAt: seenAt(moment - 60) };
    const grid = await writeGrid(context, backFilled, 'two days seen late');
    const late = await forecast(context, { ...asked, grid });
    assert.deepEqual(late.rows, inTime.rows);
    const value = rows.value.map((mw, i) =>
      isRecent(i) && rows.availableAt[i] === moment - 5 * HOUR_SECONDS ? mw * 1.1 : mw,
    );
    const other = await writeGrid(context, { ...backFilled, value }, 'another of the late hours');
    assert.notDeepEqual((await forecast(context, { ...asked, grid: other })).rows, inTime.rows);
    const tooLate = await writeGrid(context, { ...rows, availableAt: seenAt(moment + 60) }, 'seen too late');
    await assert.rejects(
      forecast(context, { ...asked, grid: tooLate }),
      /newest demand of PACW is that of 2019-03-12T16/,
    );
  });

  it('issues by itself at the full hour after the newest demand was seen', async () => {
    const rows = await shippedRows();
    const last = fromHourStamp('2019-04-01T00');
    const availableAt = rows.availableAt.map((at, i) =>
      rows.series[i] === 0 && rows.validAt[i]! > last - 3 * HOUR_SECONDS ? last + 3.3 * HOUR_SECONDS : at,
    );
    // Without a forecast of others nothing but the issue says how far the table must go.
    const kept = Array.from(rows.series.keys()).filter((i) => rows.series[i] === 0);
    const pick = (values: Float64Array) => Float64Array.from(kept, (i) => values[i]!);
    const demandAlone = {
      ...{ length: kept.length, labels: ['D'], series: new Int32Array(kept.length) },
      ...{ validAt: pick(rows.validAt), value: pick(rows.value), availableAt: pick(availableAt) },
      basis: new Int32Array(kept.length),
    };
    const grid = await writeGrid(context, demandAlone, 'newest demand seen late');
    const { rows: answers } = await forecast(context, { name: NAME, regions: [REGION], grid });
    assert.deepEqual([answers[0]!.issuedAt, answers[0]!.hour], ['2019-04-01T04', '2019-04-01T04']);
    assert.ok(answers.every(({ forecastMw }) => forecastMw > 1000 && forecastMw < 5000));
  });

  it('refuses to forecast from filled-in values alone', async () => {
    const rows = await shippedRows();
    const [from, to] = [fromHourStamp('2019-03-10T00'), fromHourStamp('2019-03-12T00')];
    const value = rows.value.map((mw, i) =>
      rows.series[i] === 0 && rows.validAt[i]! >= from && rows.validAt[i]! <= to ? Number.NaN : mw,
    );
    const grid = await writeGrid(context, { ...rows, value }, 'two days without demand');
    const asked = { name: NAME, regions: [REGION] as (typeof REGION)[], grid };
    await assert.rejects(
      forecast(context, { ...asked, issuedAt: '2019-03-11T12' }),
      /newest demand of PACW is that of 2019-03-09T23/,
    );
    const soon = await forecast(context, { ...asked, issuedAt: '2019-03-10T12' });
    assert.equal(soon.rows.length, 48);
  });

  it('gives the model the very inputs that training and backtest had for those hours', async () => {
    const { home } = context;
    const sequences = await readManifest(home, made.sequences, 'sequences');
    const { sequenceLength } = detailsOf(sequences);
    const validated = await readManifest(home, made.validated, 'validated');
    const record = await readRegionRecord(home, validated, REGION);
    const { model } = await readVersion(context, { name: NAME, version: registered.version });
    const { files } = await readManifest(home, model, 'training');
    const file = files.find(({ role }) => role === 'normaliser')!;
    const normaliser = parseNormaliser(await readArtifact(home, file), file.uri);
    let seen = new Float32Array(0);
    const predictor = {
      horizon: 48,
      predict: async (inputs: Float32Array, hours: number) => {
        seen = inputs.slice();
        return new Float32Array(hours * 48);
      },
    };
    const issuedAt = fromHourStamp('2019-03-20T18');
    const answers = await forecastRegion({ predictor, normaliser, sequenceLength }, record, issuedAt);
    assert.ok(answers.every(({ forecastMw, latestKnownMw }) => forecastMw === latestKnownMw));
    const { series, file: tensors } = await openRegion(home, sequences, REGION);
    const standing = (issuedAt - HOUR_SECONDS - series.firstHour) / HOUR_SECONDS;
    const stored = await tensors.read('inputs', standing + 1 - sequenceLength, standing + 1);
    await tensors.close();
    assert.equal(toHourStamp(series.firstHour + standing * HOUR_SECONDS), '2019-03-20T17');
    // Only the running mean of the context channels depends, in its last bits, on where the table begins.
    const far = seen.findIndex((value, i) => Math.abs(value - Number(stored.data[i])) > 1e-6);
    assert.equal(far, -1);
    assert.equal(seen.length, stored.data.length);
  });
});
