import assert from 'node:assert/strict';
import type { FastifyInstance } from 'fastify';
import { REGION_CODES } from '../../src/contracts/regions.ts';
import { openGate } from '../../src/access/gate.ts';
import { createApiKey } from '../../src/access/key-file.ts';
import { accessOptions } from '../../src/access/options.ts';
import { forecastAnswer } from '../../src/http/contracts/forecasts.ts';
import {
  batchExample,
  forecastExample,
  infoExample,
  predictionExample,
  UUID,
} from '../../src/http/contracts/examples.ts';
import { modelInfo } from '../../src/http/contracts/models.ts';
import { batchAnswer, prediction } from '../../src/http/contracts/predictions.ts';
import { problem } from '../../src/http/contracts/service.ts';
import { REFUSALS } from '../../src/http/openapi/refusals.ts';
import { Forecasts } from '../../src/serving/forecasts/forecasts.ts';
import { silentLogger } from '../../src/stages/context.ts';
import { withHome } from '../backtest/sample-home.ts';
import { withDoor } from './sample-door.ts';
import { SampleService } from './sample-service.ts';

interface Operation {
  operationId: string;
  security?: object[];
  parameters: { name: string; in: string; required: boolean; schema?: { enum?: string[] } }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content: object }>;
}
interface Schema {
  properties: Record<string, { maxItems?: number }>;
  required?: string[];
  additionalProperties?: boolean;
}
type Document = { openapi: string; paths: Record<string, Record<string, Operation>>; components: object };

const documented = async (door: FastifyInstance) => (await door.inject('/openapi.json')).json<Document>();

describe('the OpenAPI document', () => {
  it('shows examples that fit their schemas', () => {
    prediction.parse(predictionExample);
    batchAnswer.parse(batchExample);
    modelInfo.parse(infoExample);
    forecastAnswer.parse(forecastExample);
    const refusals = Object.values(REFUSALS).map(({ example }) => ({ ...example, requestId: UUID }));
    for (const error of refusals) problem.parse({ error });
    assert.equal(new Set(refusals.map(({ message }) => message)).size, refusals.length);
  });

  it('has every route with what it takes and answers, and the limits that hold', () =>
    withHome((context) => {
      const forecasts = new Forecasts({ config: context.config, log: silentLogger });
      const parts = { service: new SampleService(), forecasts, maxBatchSize: 7 };
      return withDoor(
        context,
        undefined,
        async (door) => {
          const { openapi, paths } = await documented(door);
          assert.match(openapi, /^3\.1\./);
          const listed = Object.entries(paths).flatMap(([path, operations]) =>
            Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
          );
          const { routes } = (await door.inject('/')).json<{ routes: string[] }>();
          const own = routes
            .filter((route) => !/ \/(docs|openapi\.json)/.test(route))
            .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'));
          assert.deepEqual(listed.toSorted(), own.toSorted());
          for (const [path, operations] of Object.entries(paths)) {
            for (const { parameters, responses } of Object.values(operations)) {
              const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
              const inPath = parameters.filter((each) => each.in === 'path' && each.required);
              assert.deepEqual(inPath.map(({ name }) => name), named, path); // prettier-ignore
              assert.ok(responses['200'] && responses['500'], path);
            }
          }
          const [region] = paths['/forecast/{region}']!['get']!.parameters;
          assert.deepEqual(region!.schema?.enum, REGION_CODES);
          const batch = paths['/predict/batch']!['post']!.requestBody!.content['application/json']!.schema;
          assert.equal(batch.properties['data']!.maxItems, 7);
          assert.deepEqual([batch.required, batch.additionalProperties], [['data'], false]);
          const names = Object.values(paths).flatMap((each) =>
            Object.values(each).map((one) => one.operationId),
          );
          assert.equal(new Set(names).size, names.length);
          for (const name of names) assert.match(name, /^[a-z]+([A-Z][A-Za-z0-9]*)*$/);
          assert.ok(names.includes('postModelsNameCanaryEnd') && names.includes('getForecastRegion'));
        },
        parts,
      );
    }));

  it('asks for keys where the gate does, from the moment on that it does', () =>
    withHome(async (context) => {
      const gate = await openGate(context.home, accessOptions.parse({}), silentLogger, { checkMs: 0 });
      await withDoor(
        context,
        undefined,
        async (door) => {
          const before = await documented(door);
          assert.ok(!('securitySchemes' in before.components));
          await createApiKey(context.home, { name: 'vera', role: 'viewer' }, { by: 'test', reason: '' });
          const { paths, components } = await documented(door);
          assert.deepEqual(Object.keys((components as { securitySchemes: object }).securitySchemes), [
            ...['key', 'token', 'certificate'],
          ]);
          const of = (path: string, method = 'get') => paths[path]![method]!;
          assert.deepEqual(of('/models').security?.[0], { key: ['viewer'] });
          assert.deepEqual(of('/models/{name}/promote', 'post').security?.[0], { key: ['approver'] });
          assert.deepEqual(of('/health').security, []);
          assert.ok('401' in of('/models').responses && !('401' in of('/health').responses));
        },
        { gate },
      );
    }));

  it('is shown by a page that takes nothing from elsewhere', () =>
    withHome((context) =>
      withDoor(context, undefined, async (door) => {
        const page = await door.inject('/docs');
        assert.equal(page.statusCode, 200);
        const policy = page.headers['content-security-policy'] as string;
        assert.match(policy, /default-src 'none'/);
        assert.ok(!policy.includes('http'));
        const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source!);
        assert.ok(sources.length >= 4);
        for (const source of sources) {
          assert.ok(source.startsWith('/docs/') || source.startsWith('./'), source);
          const path = new URL(source, 'http://x/docs/').pathname;
          assert.equal((await door.inject(path)).statusCode, 200, path);
        }
        assert.deepEqual((await door.inject('/docs/json')).json(), await documented(door));
      }),
    ));

  it('tells a wrong method from a wrong path, and which methods are answered', () =>
    withHome((context) =>
      withDoor(context, undefined, async (door) => {
        for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const) {
          const reply = await door.inject({ method, url: '/models/day-ahead?x=1' });
          assert.deepEqual([reply.statusCode, reply.headers['allow']], [405, 'GET, HEAD']);
        }
        assert.equal((await door.inject({ method: 'PUT', url: '/models/a/b' })).statusCode, 404);
      }),
    ));

  it('has schedules and metrics, which say so where there are none', () =>
    withHome(async (context) => {
      await withDoor(context, undefined, async (door) => {
        assert.deepEqual((await door.inject('/schedules')).json(), { schedules: [] });
        const off = await door.inject('/metrics');
        assert.equal(off.statusCode, 404);
        assert.match(off.body, /enable_metrics: true/);
      });
      const metricsText = async () => 'ringwatt_calls_total 3\n';
      await withDoor(context, undefined, async (door) => {
          const reply = await door.inject('/metrics');
          assert.equal(reply.body, 'ringwatt_calls_total 3\n');
          assert.match(reply.headers['content-type'] as string, /^text\/plain; version=0\.0\.4/);
        }, { metricsText }); // prettier-ignore
    }));
});
