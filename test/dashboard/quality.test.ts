import assert from 'node:assert/strict';
import { utimes } from 'node:fs/promises';
import { exposureOf, noteExposures, noteOutcomes } from '../../src/ab-test/journal.ts';
import { writeForecast } from '../../src/backtest/forecast-file.ts';
import { toHourStamp } from '../../src/contracts/time.ts';
import { classifierQuality } from '../../src/dashboard/quality/of-classifier.ts';
import { forecastQuality } from '../../src/dashboard/quality/of-forecasts.ts';
import { regionQuality } from '../../src/dashboard/quality/region-quality.ts';
import { referTo, writeManifest } from '../../src/lake/artifacts.ts';
import { workKey } from '../../src/lake/canonical.ts';
import { writeGridFile } from '../../src/lake/grid-rows.ts';
import type { Home } from '../../src/lake/home.ts';
import { withHome } from '../backtest/sample-home.ts';
import { NAME, startWinter, withVersions } from '../serving/traffic/traffic-home.ts';

const HOUR = 3600;
/** 2024-06-01T00 */
const FIRST = Date.UTC(2024, 5, 1) / 1000;

describe('the quality of forecasts', () => {
  it('is the mean error of each day and of all, and the hours of the last two weeks', () => {
    const length = 20 * 24;
    const at = Float64Array.from({ length }, (_, i) => FIRST + i * HOUR);
    const actual = new Float64Array(length).fill(1000);
    // 1 % wrong on the first day, 2 % on the second, …
    const model = Float64Array.from({ length }, (_, i) => 1000 * (1 + (1 + Math.floor(i / 24)) / 100));
    const naive = new Float64Array(length).fill(900);
    const operator = new Float64Array(length).fill(Number.NaN);
    const { days, hours, mape, scoredHours } = regionQuality('PACW', {
      ...{ validAt: at, actual, model, naive, operator },
    });
    assert.equal(days.at.length, 20);
    for (const [day, error] of days.model.entries()) assert.ok(Math.abs(error! - (day + 1)) < 1e-9);
    assert.deepEqual(new Set(days.operator), new Set([null]));
    assert.ok(Math.abs(mape.model! - 10.5) < 1e-9);
    assert.ok(Math.abs(mape.naive! - 10) < 1e-9);
    assert.equal(mape.operator, null);
    assert.equal(hours.at.length, 14 * 24);
    assert.equal(hours.at.at(-1), at.at(-1));
    assert.equal(scoredHours, length);
  });

  it('holds what was forecast last against the newest that is known of the hour', () =>
    withHome(async ({ home }) => {
      // Each hour has 100 MW, revised to 200 MW a day later.
      const hours = Array.from({ length: 24 }, (_, i) => FIRST + i * HOUR);
      await record(
        home,
        hours.flatMap((hour) => [
          { hour, value: 100, availableAt: hour + HOUR },
          { hour, value: 200, availableAt: hour + 25 * HOUR },
        ]),
      );
      await forecast(home, NAME, FIRST - 30 * HOUR, hours, 300);
      await forecast(home, NAME, FIRST - 6 * HOUR, hours, 210);
      await forecast(home, 'another', FIRST - 2 * HOUR, hours, 200);
      const { regions, leftOut } = await forecastQuality(home, NAME);
      const [region, ...others] = regions;
      assert.deepEqual(others, []);
      assert.deepEqual(leftOut, { late: 0, hourly: 0 });
      assert.equal(region!.region, 'PACW');
      assert.deepEqual(new Set(region!.hours.actual), new Set([200]));
      assert.deepEqual(new Set(region!.hours.model), new Set([210]));
      assert.ok(Math.abs(region!.mape.model! - 5) < 1e-9);
      assert.ok(Math.abs(region!.mape.naive! - 25) < 1e-9);
    }));

  it('is of forecasts that were made when they were due, whatever was asked for since about the past', () =>
    withHome(async ({ home }) => {
      const hours = Array.from({ length: 24 }, (_, i) => FIRST + i * HOUR);
      await record(home, steady(hours));
      const issue = FIRST - 14 * HOUR;
      // As a schedule makes it that runs once a day, just before the next issue.
      await forecast(home, NAME, issue, hours, 210, { madeAt: issue + 24 * HOUR });
      await forecast(home, NAME, issue + HOUR, hours, 300, { madeAt: issue + 40 * HOUR });
      await forecast(home, NAME, issue + 2 * HOUR, hours, 300, { madeAt: Date.now() / 1000 });
      const { regions, leftOut } = await forecastQuality(home, NAME);
      assert.deepEqual(leftOut, { late: 2, hourly: 0 });
      assert.equal(regions.length, 1);
      assert.ok(Math.abs(regions[0]!.mape.model! - 5) < 1e-9);
    }));

  it('is of no more than one kind: day-ahead before hourly', () =>
    withHome(async ({ home }) => {
      const hours = Array.from({ length: 24 }, (_, i) => FIRST + i * HOUR);
      await record(home, steady(hours));
      await forecast(home, NAME, FIRST - 2 * HOUR, hours, 300, { by: 'hourly' });
      const hourly = await forecastQuality(home, NAME);
      assert.deepEqual([hourly.regions[0]!.by, hourly.leftOut.hourly], ['hourly', 0]);
      assert.ok(Math.abs(hourly.regions[0]!.mape.model! - 50) < 1e-9);
      await forecast(home, NAME, FIRST - 14 * HOUR, hours.slice(0, 12), 210);
      const { regions, leftOut } = await forecastQuality(home, NAME);
      assert.deepEqual([regions.length, regions[0]!.by, leftOut.hourly], [1, 'day-ahead', 1]);
      assert.equal(regions[0]!.scoredHours, 12);
      assert.ok(Math.abs(regions[0]!.mape.model! - 5) < 1e-9);
    }));

  it('says of forecasts that nobody made when they were due that there are some', () =>
    withHome(async ({ home }) => {
      await forecast(home, NAME, FIRST, [FIRST + HOUR], 300, { madeAt: FIRST + 1000 * HOUR });
      assert.deepEqual(await forecastQuality(home, NAME), { regions: [], leftOut: { late: 1, hourly: 0 } });
    }));
});

describe('the quality of classifiers', () => {
  it('has precision, recall and F1 of each variant, over time, by what was told of its answers', () =>
    withVersions(async (home) => {
      const test = await startWinter(home, { success_metric: 'f1_score' });
      const at = (i: number) => new Date(Date.parse(test.startedAt) + 1000 * i).toISOString();
      const dealt = Array.from({ length: 200 }, (_, i) =>
        exposureOf(test, { request: `r${i}`, user: `u${i}`, at: at(i) }),
      );
      await noteExposures(home, 'winter', dealt);
      // The control sees all that is there and as much that is not; the treatment is always right.
      const control = dealt.filter(({ variant }) => variant === 'control');
      const told = dealt.map(({ request, variant }, i) => {
        const nth = control.findIndex((one) => one.request === request);
        return variant === 'control'
          ? { request, at: at(i), predicted: true, actual: nth % 2 === 0 }
          : { request, at: at(i), predicted: true, actual: true };
      });
      const { account } = await noteOutcomes(home, 'winter', told.slice(0, 190), at(200));
      assert.equal(account.taken, 190);
      const [first, second] = await classifierQuality(home, NAME);
      assert.deepEqual([first!.variant, first!.version], ['control', `${NAME}@1`]);
      assert.deepEqual([second!.variant, second!.version], ['treatment', `${NAME}@2`]);
      assert.equal(first!.outcomes + second!.outcomes, 190);
      const half = Math.ceil(first!.outcomes / 2) / first!.outcomes;
      assert.deepEqual(first!.scores, {
        ...{ accuracy: half, precision: half, recall: 1, f1: (2 * half) / (1 + half) },
      });
      assert.deepEqual(second!.scores, { accuracy: 1, precision: 1, recall: 1, f1: 1 });
      assert.deepEqual(new Set(first!.trend.recall), new Set([1]));
      assert.ok(first!.trend.at.length >= 5);
      assert.deepEqual(first!.trend.at, first!.trend.at.toSorted());
      assert.deepEqual(await classifierQuality(home, 'another'), []);
    }));
});

async function record(
  home: Home,
  rows: { hour: number; value: number; availableAt: number }[],
): Promise<void> {
  const file = await writeGridFile(home, 'PACW', 2024, {
    length: rows.length,
    labels: ['D'],
    series: new Int32Array(rows.length),
    validAt: Float64Array.from(rows, ({ hour }) => hour),
    value: Float64Array.from(rows, ({ value }) => value),
    availableAt: Float64Array.from(rows, ({ availableAt }) => availableAt),
    basis: new Int32Array(rows.length),
  });
  const hours = rows.map(({ hour }) => hour);
  const account = {
    ...{ region: 'PACW', series: 'D', present: rows.length, missing: 0, revised: 0, quarantined: 0 },
    ...{ firstHour: toHourStamp(Math.min(...hours)), lastHour: toHourStamp(Math.max(...hours)) },
  };
  await writeManifest(home, {
    ...{ formatVersion: 1, kind: 'grid', key: workKey('grid'), inputs: [], rows: rows.length },
    madeBy: { stage: 'test', version: 1, settings: {} },
    files: [{ ...file, region: 'PACW', year: 2024 }],
    details: { account: [account] },
  });
}

/** 200 MW, known an hour later. */
const steady = (hours: number[]) => hours.map((hour) => ({ hour, value: 200, availableAt: hour + HOUR }));

async function forecast(
  home: Home,
  name: string,
  issue: number,
  hours: number[],
  mw: number,
  { madeAt = issue, by = 'day-ahead' } = {},
): Promise<void> {
  const uri = `forecasts/${name}-${issue}.parquet`;
  const issuedAt = toHourStamp(issue);
  await writeForecast(
    home.path(uri),
    hours.map((hour) => ({
      ...{ region: 'PACW', issuedAt, hour: toHourStamp(hour), lead: (hour - issue) / HOUR, forecastMw: mw },
      ...{ quantilesMw: null, latestKnownMw: 250 },
    })),
  );
  const { uri: manifest } = await writeManifest(home, {
    ...{ formatVersion: 1, kind: 'forecast', key: workKey([name, issue]), inputs: [], rows: hours.length },
    madeBy: { stage: 'forecast', version: 1, settings: {} },
    files: [{ ...(await referTo(home, uri)), role: 'forecast' }],
    details: { name, version: 1, answers: [{ region: 'PACW', issuedAt, by }] },
  });
  await utimes(home.path(manifest), madeAt, madeAt);
}
