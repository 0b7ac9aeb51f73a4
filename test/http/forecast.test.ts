import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { startTest } from '../../src/ab-test/store.ts';
import { loadConfig } from '../../src/config/config.ts';
import { abTestConfig } from '../../src/contracts/ab-test.ts';
import { QUANTILES } from '../../src/day-ahead/issue-table.ts';
import type { ForecastAnswer } from '../../src/http/contracts/forecasts.ts';
import { forecastAnswer } from '../../src/http/contracts/forecasts.ts';
import { Home } from '../../src/lake/home.ts';
import { Forecasts } from '../../src/serving/forecasts/forecasts.ts';
import type { CallEnded, ServingObserver } from '../../src/serving/observer.ts';
import { tellHttpRefusals } from '../../src/serving/telemetry/refusals.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { forecastHome, ISSUE, MODEL } from './forecast-home.ts';
import { withDoor } from './sample-door.ts';

const HEADERS = { 'content-type': 'application/json' };
const kindOf = (reply: LightMyRequestResponse) =>
  `${reply.statusCode} ${reply.json<{ error?: { kind: string } }>().error?.kind}`;

describe('GET /forecast/{region}, by a registered model on the shipped record', () => {
  let context: StageContext;
  let forecasts: Forecasts;

  before(async () => {
    const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-test-')));
    const config = { ...loadConfig({}, { environment: {} }), home: home.root };
    context = { home, config, signal: new AbortController().signal, progress() {}, log: silentLogger };
    await forecastHome(context);
    forecasts = new Forecasts({ config, log: silentLogger });
  });
  after(async () => {
    await forecasts.close();
    await rm(context.home.root, { recursive: true, force: true });
  });

  const opened = (act: (door: FastifyInstance) => Promise<void>) =>
    withDoor(context, undefined, act, { forecasts });

  async function asked(door: FastifyInstance, query: string): Promise<ForecastAnswer> {
    const reply = await door.inject(`/forecast/PACW${query}`);
    assert.equal(reply.statusCode, 200, reply.body);
    return forecastAnswer.parse(reply.json());
  }

  it('answers the next local day in quantiles, with times of both clocks, units, and who answered', () =>
    opened(async (door) => {
      const told = await asked(door, `?issue_time=${ISSUE}`);
      const { hours, levels, model } = told;
      assert.deepEqual(
        [told.issue_time, told.issue_time_local, told.time_zone],
        ['2019-03-14T18:00:00Z', '2019-03-14T11:00:00-07:00', 'America/Los_Angeles'],
      );
      assert.deepEqual([told.by, told.unit, told.rating], ['day-ahead', 'MW', null]);
      assert.deepEqual([model.name, model.version, model.role], [MODEL, 1, 'champion']);
      assert.deepEqual(levels, [...QUANTILES]);
      assert.deepEqual([hours.length, told.horizon_max], [24, 24]);
      const [first] = hours;
      assert.deepEqual(
        [first!.hour_ending, first!.hour_ending_local, first!.lead_hours],
        ['2019-03-15T09:00:00Z', '2019-03-15T02:00:00-07:00', 15],
      );
      for (const { mw, quantiles_mw: quantiles } of hours) {
        assert.deepEqual(quantiles!.toSorted((a, b) => a - b), quantiles); // prettier-ignore
        assert.equal(quantiles![levels.indexOf(0.5)], mw);
      }
      const { request_id: _, ...same } = await asked(door, `?issue_time=${ISSUE}:00:00Z&horizon=3`);
      const { request_id: __, ...whole } = told;
      assert.deepEqual(same, { ...whole, hours: hours.slice(0, 3) });
    }));

  it('answers the hours after any other hour, and by the version that is named', () =>
    opened(async (door) => {
      const told = await asked(door, '?issue_time=2019-03-14T02&model=day-ahead@2&horizon=48');
      assert.deepEqual([told.by, told.levels, told.hours.length], ['hourly', [], 48]);
      assert.deepEqual([told.model.version, told.model.role], [2, 'named']);
      assert.equal(told.hours[0]!.quantiles_mw, null);
      // The hour that ends at the issue: its demand is known an hour later.
      assert.equal(told.hours[0]!.lead_hours, 0);
    }));

  it('is counted as a call by who answered, and as a refused one', async () => {
    const told: CallEnded[] = [];
    const observer: ServingObserver = { callEnded: (call) => void told.push(call) };
    const more = (app: FastifyInstance) => tellHttpRefusals(app, observer);
    await withDoor(
      context,
      undefined,
      async (door) => {
        const { request_id: requestId } = await asked(door, `?issue_time=${ISSUE}`);
        await door.inject('/forecast/PACW?horizon=0');
        const [answered, refused] = told;
        assert.ok(answered!.seconds > 0);
        assert.deepEqual(answered, {
          ...{ requestId, door: 'http', caller: 'local', model: MODEL, version: 1, signature: 'forecast' },
          ...{ code: 'OK', rows: 1, seconds: answered!.seconds },
        });
        assert.deepEqual([refused!.code, refused!.rows, told.length], ['INVALID_ARGUMENT', 0, 2]);
      },
      { forecasts, observer, more },
    );
  });

  it('says what it can answer where it cannot', () =>
    opened(async (door) => {
      const of = (path: string) => door.inject(path);
      const far = await of(`/forecast/PACW?issue_time=${ISSUE}&horizon=25`);
      assert.equal(kindOf(far), '400 horizon');
      assert.match(far.body, /Give a horizon of 1 to 24/);
      for (const [path, kind] of [
        ['/forecast/PACW?horizon=0', '400 bad-request'],
        ['/forecast/PACW?horizon=1.5', '400 bad-request'],
        ['/forecast/PACW?horizon=', '400 bad-request'],
        ['/forecast/PACW?horizon=1&horizon=2', '400 bad-request'],
        ['/forecast/PACW?issue_time=2019-02-30T00', '400 bad-request'],
        ['/forecast/PACW?issue_time=2019-02-20T00:30', '400 bad-request'],
        ['/forecast/PACW?hours=3', '400 bad-request'],
        ['/forecast/PACW?model=../keys', '400 bad-request'],
        ['/forecast/NOWHERE', '400 bad-request'],
        ['/forecast/ERCO', '400 BadInputError'],
        ['/forecast/erco', '400 BadInputError'],
        ['/forecast/PACW?model=other', '404 MissingDataError'],
        [`/forecast/PACW?model=day-ahead@9&issue_time=${ISSUE}`, '404 MissingDataError'],
      ] as const)
        assert.equal(kindOf(await of(path)), kind, path);
    }));

  it('is rated where an A/B test dealt it, once', () =>
    opened(async (door) => {
      const config = abTestConfig.parse({
        ...{ test_name: 'winter', control_model: `${MODEL}@1`, treatment_model: `${MODEL}@2` },
        ...{ success_metric: 'rating', traffic_split: 0.5 },
      });
      await startTest(context.home, { config, by: 'ada', at: new Date().toISOString() });
      const { rating, model } = await asked(door, `?issue_time=${ISSUE}&user=grace`);
      assert.ok(model.role === 'control' || model.role === 'treatment');
      const rate = (url: string, payload: object) =>
        door.inject({ method: 'POST', url, headers: HEADERS, payload });
      const request = rating!.id.slice('winter:'.length);
      for (const taken of [true, false]) {
        const reply = await rate(rating!.url, { rating: 4 });
        assert.deepEqual(reply.json(), { test: 'winter', request, taken });
      }
      for (const [url, payload, kind] of [
        ['/forecasts/winter:absent/rating', { rating: 4 }, '404 MissingDataError'],
        ['/forecasts/summer:absent/rating', { rating: 4 }, '404 MissingDataError'],
        ['/forecasts/nothing/rating', { rating: 4 }, '400 bad-request'],
        [rating!.url, { rating: 6 }, '422 bad-request'],
      ] as const)
        assert.equal(kindOf(await rate(url, payload)), kind, url);
    }));
});
