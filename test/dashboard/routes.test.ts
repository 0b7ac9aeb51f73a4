import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { dashboardRoutes } from '../../src/dashboard/routes.ts';
import type { State } from '../../src/dashboard/state/state-of.ts';
import type { Quality } from '../../src/dashboard/quality/quality-of.ts';
import { ServingProblem } from '../../src/serving/problem.ts';
import { ownFigures } from '../../src/serving/telemetry/figures/figures.ts';
import { servingMetrics } from '../../src/serving/telemetry/serving-metrics.ts';
import type { Live } from '../../src/serving/telemetry/live/history.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { LastingConnection } from '../../src/temporal/lasting-connection.ts';
import { writeChampion } from '../../src/registry/stage.ts';
import { readVersionRecord } from '../../src/registry/versions.ts';
import { startTest } from '../../src/ab-test/store.ts';
import { abTestConfig } from '../../src/contracts/ab-test.ts';
import { withHome } from '../backtest/sample-home.ts';
import { NAME, registerTwo, withDoor } from '../http/sample-door.ts';
import type { DashboardParts } from '../../src/dashboard/parts.ts';
import type { DoorParts } from '../../src/http/server.ts';

type Door = Parameters<Parameters<typeof withDoor>[2]>[0];

const NO_TEMPORAL = new LastingConnection(() => undefined);

const withDashboard = (
  context: StageContext,
  act: (door: Door) => Promise<void>,
  { more, ...parts }: Partial<DashboardParts> & { more?: Partial<DoorParts> } = {},
) =>
  withDoor(context, undefined, act, {
    ...more,
    more: (app) => dashboardRoutes(app, { home: context.home, temporal: NO_TEMPORAL, ...parts }),
  });

const stateOf = async (door: Door, query = '') =>
  (await door.inject(`/dashboard/state${query}`)).json<State>();

async function crown({ home }: StageContext, version: number): Promise<void> {
  const { sha256 } = await readVersionRecord(home, NAME, version);
  const since = '2026-01-01T00:00:00.000Z';
  await writeChampion({ home }, { name: NAME, generation: 1, version, sha256, since, previous: [] });
}

describe('the dashboard', () => {
  it('loads everything from its own origin, by a policy that forbids all else', () =>
    withHome((context) =>
      withDashboard(context, async (door) => {
        const page = await door.inject('/dashboard');
        assert.equal(page.statusCode, 200);
        const policy = String(page.headers['content-security-policy']);
        assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/);
        assert.doesNotMatch(policy, /unsafe/);
        assert.doesNotMatch(page.body, /<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=|https?:/);
        const loaded = [...page.body.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path!);
        assert.ok(loaded.length >= 3);
        const imports = /from '\.\/([\w-]+\.js)'/g;
        const seen = new Set<string>();
        for (const path of loaded) await load(path);
        assert.ok([...seen].some((path) => path.endsWith('/chart.js')));

        async function load(path: string): Promise<void> {
          if (seen.has(path)) return;
          seen.add(path);
          const { statusCode, headers, body } = await door.inject(path);
          assert.equal(statusCode, 200, path);
          assert.match(
            String(headers['content-type']),
            path.endsWith('.js') ? /^text\/javascript/ : /^text\/css/,
          );
          for (const [, name] of body.matchAll(imports)) await load(`/dashboard/scripts/${name}`);
        }
      }),
    ));

  it('shows its page to anybody and its data to whoever is let in', () =>
    withHome(async (context) => {
      const gate = {
        async admit({ apiKey }: { apiKey?: string | undefined }) {
          if (apiKey !== 'right') throw new ServingProblem('UNAUTHENTICATED', 'Say who you are.');
          return { name: 'ada', role: 'viewer', identity: 'authenticated' } as const;
        },
      };
      await withDashboard(
        context,
        async (door) => {
          assert.equal((await door.inject('/dashboard')).statusCode, 200);
          assert.equal((await door.inject('/dashboard/scripts/main.js')).statusCode, 200);
          for (const path of ['live', 'state', 'quality?model=x']) {
            assert.equal((await door.inject(`/dashboard/${path}`)).statusCode, 401, path);
          }
          const headers = { 'x-api-key': 'right' };
          assert.equal((await door.inject({ url: '/dashboard/live', headers })).statusCode, 200);
        },
        { more: { gate } },
      );
    }));

  it('of an empty home, without Temporal and without models, says so part by part', () =>
    withHome((context) =>
      withDashboard(context, async (door) => {
        const { models, running, ended, tests, drift, alerts, machine } = await stateOf(door);
        for (const part of [models, ended, tests]) assert.deepEqual(part, { ok: true, value: [] });
        assert.equal(drift, null);
        assert.ok(!running.ok && running.problem.startsWith('No services run on this home.'));
        assert.ok(alerts.ok && alerts.value.count === 0 && alerts.value.watchedAt === null);
        assert.ok(machine.ok && machine.value.disk.freeBytes > 0 && machine.value.services === null);
        assert.deepEqual((await door.inject('/dashboard/live')).json(), { live: null });
      }),
    ));

  it('tells who answers, what is tried and served beside it, and how an A/B test stands', () =>
    withHome(async (context) => {
      await registerTwo(context);
      await crown(context, 1);
      const config = abTestConfig.parse({
        ...{
          test_name: 'winter',
          control_model: NAME,
          treatment_model: `${NAME}@2`,
          success_metric: 'rating',
        },
      });
      await startTest(context.home, { config, by: 'ada', at: new Date().toISOString() });
      const served = [{ version: 7, state: 'AVAILABLE' as const, labels: ['stable'] }];
      const service = { models: () => new Map([['from-a-folder', served]]) };
      await withDashboard(
        context,
        async (door) => {
          const { models, tests } = await stateOf(door, `?model=${NAME}`);
          assert.ok(models.ok && tests.ok);
          assert.deepEqual(
            models.value.map(({ name, champion, versions, served: own }) => [
              name,
              champion?.version,
              versions,
              own,
            ]),
            [
              [NAME, 1, [1, 2], []],
              ['from-a-folder', undefined, [], served],
            ],
          );
          const [test] = tests.value;
          assert.equal(test!.control, `${NAME}@1`);
          assert.equal(test!.treatment, `${NAME}@2`);
          assert.deepEqual([test!.ended, test!.result?.control.units], [false, 0]);
          const other = await stateOf(door, '?model=another');
          assert.deepEqual(other.tests, { ok: true, value: [] });
        },
        { service },
      );
    }));

  it('has what was measured, of all models or of one, and only what is newer than was heard', () =>
    withHome(async (context) => {
      const registry = new Registry();
      const observer = servingMetrics(registry);
      const figures = ownFigures(registry, assert.ifError);
      try {
        observer.versionChanged!({ model: 'load', version: 1, state: 'AVAILABLE' });
        await withDashboard(
          context,
          async (door) => {
            const { live } = (await door.inject('/dashboard/live?model=load&after=5')).json<{ live: Live }>();
            assert.equal(live.everyMs, 2000);
            assert.deepEqual(live.points, []);
            for (const query of ['after=soon', 'model=../../etc', 'model=a&model=b'])
              assert.equal((await door.inject(`/dashboard/live?${query}`)).statusCode, 400, query);
          },
          { figures },
        );
      } finally {
        figures.close();
      }
    }));

  it('tells the quality of one model; a part that cannot be told hides no other', () =>
    withHome(async (context) => {
      await registerTwo(context);
      await crown(context, 2);
      await withDashboard(context, async (door) => {
        assert.equal((await door.inject('/dashboard/quality')).statusCode, 400);
        const quality = (await door.inject(`/dashboard/quality?model=${NAME}`)).json<Quality>();
        assert.deepEqual(quality.version, { ok: true, value: 2 });
        assert.deepEqual(quality.forecasts, {
          ok: true,
          value: { regions: [], leftOut: { late: 0, hourly: 0 } },
        });
        assert.deepEqual(quality.classifiers, { ok: true, value: [] });
        assert.ok(!quality.backtest.ok && /has no hours/.test(quality.backtest.problem));
        const nobody = (await door.inject('/dashboard/quality?model=nobody')).json<Quality>();
        assert.ok(!nobody.version.ok && /no model nobody/.test(nobody.version.problem));
      });
    }));
});
