import assert from 'node:assert/strict';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { DEFAULT_LIMITS } from '../../src/serving/gate.ts';
import type { CallEnded } from '../../src/serving/observer.ts';
import { tellHttpRefusals } from '../../src/serving/telemetry/refusals.ts';
import { withHome } from '../backtest/sample-home.ts';
import { registerTwo, NAME, withDoor } from './sample-door.ts';
import { ADDER, DOUBLER, SampleService } from './sample-service.ts';

const HEADERS = { 'content-type': 'application/json' };
const LIMITS = { ...DEFAULT_LIMITS, bodyBytes: 2000, depth: 6, rows: 4 };

interface Answer {
  predictions: unknown;
  model: object;
  cached: boolean;
  request_id: string;
  ab_test?: object;
}

const served = (act: (door: FastifyInstance, service: SampleService) => Promise<void>, names?: string[]) =>
  withHome((context) => {
    const service = new SampleService(names);
    return withDoor(context, undefined, (door) => act(door, service), {
      service,
      limits: LIMITS,
      maxBatchSize: 3,
    });
  });

const post = (door: FastifyInstance, url: string, payload: string | object) =>
  door.inject({ method: 'POST', url, headers: HEADERS, payload });

const kindOf = (reply: LightMyRequestResponse) =>
  `${reply.statusCode} ${reply.json<{ error?: { kind: string } }>().error?.kind}`;

describe('POST /predict', () => {
  it('answers rows with rows, as the model computes them, and says who answered', () =>
    served(async (door) => {
      const reply = await post(door, '/predict', { data: [[1, 2.5, -3], [0, 0, 0.5]], model_name: DOUBLER }); // prettier-ignore
      assert.equal(reply.statusCode, 200, reply.body);
      assert.match(reply.headers['content-type'] as string, /^application\/json/);
      assert.deepEqual(reply.json<Answer>(), {
        predictions: [
          [3, 6, -5],
          [1, 1, 2],
        ],
        ...{ model: { name: DOUBLER, version: 2 }, cached: false, request_id: reply.headers['x-request-id'] },
      });
    }));

  it('takes columns by name, whole, and rows of several inputs by name', () =>
    served(async (door) => {
      const of = async (data: unknown) =>
        (await post(door, '/predict', { data, model_name: ADDER })).json<Answer>().predictions;
      assert.deepEqual(await of({ a: [1, 2], b: [10, 20] }), { difference: [-9, -18], sum: [11, 22] });
      assert.deepEqual(
        await of([
          { a: 1, b: 10 },
          { b: 20, a: 2 },
        ]),
        [
          { difference: -9, sum: 11 },
          { difference: -18, sum: 22 },
        ],
      );
    }));

  it('has what it refuses counted under the model’s name, if that is served', () =>
    withHome((context) => {
      const told: CallEnded[] = [];
      const more = (app: FastifyInstance) =>
        tellHttpRefusals(app, { callEnded: (call) => void told.push(call) });
      const parts = { service: new SampleService(), limits: LIMITS, more };
      return withDoor(
        context,
        undefined,
        async (door) => {
          await post(door, '/predict', { data: [[1, 2, 'x']], model_name: DOUBLER });
          await post(door, '/predict', { data: [[1]], model_name: DOUBLER, version: 7 });
          await post(door, '/predict/batch', { data: [], model_name: ADDER });
          await post(door, '/predict', { data: [[1]], model_name: 'made-up' });
          await post(door, '/predict', '{"data":');
          const counted = told.map(({ model, code }) => `${model} ${code}`);
          assert.deepEqual(counted, [
            `${DOUBLER} INVALID_ARGUMENT`,
            `${DOUBLER} NOT_FOUND`,
            `${ADDER} INVALID_ARGUMENT`,
            'undefined NOT_FOUND',
            'undefined INVALID_ARGUMENT',
          ]);
        },
        parts,
      );
    }));

  it('speaks of its own fields where rows of several inputs are plain', () =>
    served(async (door) => {
      const { error } = (await post(door, '/predict', { data: [[1, 2]], model_name: ADDER })).json<{
        error: { message: string };
      }>();
      assert.equal(
        error.message,
        'data has plain rows, and the model has several inputs: each row is an object of a, b.',
      );
    }));

  it('leaves the model’s name out where one is served, and finds versions and labels', () =>
    served(
      async (door, { asked }) => {
        const of = async (more: object) =>
          (await post(door, '/predict', { data: [[1, 2, 3]], ...more })).json<Answer>();
        assert.deepEqual((await of({})).predictions, [[3, 5, 7]]);
        assert.deepEqual((await of({ version: 1 })).predictions, [[2, 4, 6]]);
        const canary = await of({ label: 'canary' });
        assert.deepEqual(
          [canary.predictions, canary.model],
          [[[2, 4, 6]], { name: DOUBLER, version: 1, label: 'canary' }],
        );
        assert.deepEqual(asked.map(({ spec }) => spec.label ?? spec.version), [undefined, 1, 'canary']); // prettier-ignore
      },
      [DOUBLER],
    ));

  it('names the A/B test that dealt the call, and where it is rated', () =>
    served(async (door) => {
      const reply = await post(door, '/predict', { data: [[1, 2, 3]], model_name: DOUBLER, user: 'ada' });
      const { ab_test: test, request_id: id } = reply.json<Answer>();
      assert.deepEqual(test, {
        test: 'winter',
        variant: 'treatment',
        request: id,
        rating_id: `winter:${id}`,
      });
    }));

  it('refuses what is no request, no such model, and no such tensor, with what to do', () =>
    served(async (door) => {
      const row = [1, 2, 3];
      const nested = JSON.stringify({ data: [[[[[[1]]]]]], model_name: DOUBLER });
      const expected: [string | object, string][] = [
        ['', '400 bad-json'],
        ['{"data":[[1,2', '400 invalid-argument'],
        [`{"data":[[1,2,NaN]],"model_name":"${DOUBLER}"}`, '400 invalid-argument'],
        [`{"data":[[1,2,1e39]],"model_name":"${DOUBLER}"}`, '400 invalid-argument'],
        [`{"data":[[1,2,3]],"model_name":"${DOUBLER}"} x`, '400 invalid-argument'],
        ['[]', '422 bad-request'],
        ['null', '422 bad-request'],
        [{ model_name: DOUBLER }, '422 bad-request'],
        [{ data: 'no', model_name: DOUBLER }, '422 bad-request'],
        [{ data: [row], model_name: DOUBLER, more: 1 }, '422 bad-request'],
        [{ data: [row], model_name: 1 }, '422 bad-request'],
        [`{"__proto__":{"data":1},"data":[[1,2,3]],"model_name":"${DOUBLER}"}`, '422 bad-request'],
        [{ data: [row], model_name: DOUBLER, version: 1, label: 'stable' }, '422 bad-request'],
        [{ data: [row], model_name: '../../etc/passwd' }, '404 not-found'],
        [{ data: [row], model_name: DOUBLER, version: 7 }, '404 not-found'],
        [{ data: [row], model_name: DOUBLER, signature_name: 'other' }, '404 not-found'],
        [{ data: [row] }, '409 which-model'],
        [{ data: [], model_name: DOUBLER }, '400 invalid-argument'],
        [{ data: [[1, 2]], model_name: DOUBLER }, '400 invalid-argument'],
        [{ data: [['1', '2', '3']], model_name: DOUBLER }, '400 invalid-argument'],
        [{ data: [row, [1, 2]], model_name: DOUBLER }, '400 invalid-argument'],
        [{ data: [row, row, row, row, row], model_name: DOUBLER }, '400 invalid-argument'],
        [{ data: { x: [row, row, row, row, row] }, model_name: DOUBLER }, '400 invalid-argument'],
        [{ data: { y: [row] }, model_name: DOUBLER }, '400 invalid-argument'],
        [{ data: { a: [1] }, model_name: ADDER }, '400 invalid-argument'],
        [{ data: [[3e38, 0, 0]], model_name: DOUBLER }, '422 not-finite'],
        [nested, '400 invalid-argument'],
        [{ data: [row], model_name: DOUBLER, user: 'x'.repeat(3000) }, '413 too-large'],
        [{ data: [row], model_name: DOUBLER, user: 'crowd' }, '429 resource-exhausted'],
      ];
      for (const [body, kind] of expected) {
        const reply = await post(door, '/predict', body);
        assert.equal(kindOf(reply), kind, `${JSON.stringify(body).slice(0, 90)}: ${reply.body}`);
        assert.ok(reply.json<{ error: { cure: string } }>().error.cure.length > 10);
        assert.equal(reply.headers['retry-after'], kind.startsWith('429') ? '2' : undefined);
        assert.ok(!reply.body.includes('passwd'));
      }
    }));
});

describe('POST /predict/batch', () => {
  it('answers each request by itself, in order; one that fails fails alone', () =>
    served(async (door, { asked }) => {
      const data = [[[1, 2, 3]], [[1, 2]], { x: [[0, 0, 0]] }];
      const reply = await post(door, '/predict/batch', { data, model_name: DOUBLER });
      assert.equal(reply.statusCode, 200, reply.body);
      const {
        results,
        failed,
        request_id: id,
      } = reply.json<{
        results: (Answer & { error?: { kind: string } })[];
        failed: number;
        request_id: string;
      }>();
      assert.deepEqual(
        results.map(({ predictions, error }) => predictions ?? error?.kind),
        [[[3, 5, 7]], 'invalid-argument', [[1, 1, 1]]],
      );
      assert.deepEqual([failed, results[2]!.request_id], [1, `${id}-2`]);
      assert.equal(asked.length, 3);
    }));

  it('has each that fails before the model counted under its name', () =>
    withHome(async (context) => {
      const told: CallEnded[] = [];
      const observer = { callEnded: (call: CallEnded) => void told.push(call) };
      const parts = { service: new SampleService(), observer };
      await withDoor(
        context,
        undefined,
        (door) => post(door, '/predict/batch', { data: [[[1, 2, 3]], [['x']], 7], model_name: DOUBLER }),
        parts,
      );
      assert.deepEqual(
        told.map(({ door, model, code, rows }) => [door, model, code, rows]),
        Array.from({ length: 2 }, () => ['http', DOUBLER, 'INVALID_ARGUMENT', 0]),
      );
      assert.equal(new Set(told.map(({ requestId }) => requestId)).size, 2);
    }));

  it('takes so many requests and no more, and says so once where all are wrong', () =>
    served(async (door, { asked }) => {
      const of = (data: unknown, more: object = {}) =>
        post(door, '/predict/batch', { data, model_name: DOUBLER, ...more });
      const request = [[1, 2, 3]];
      const tooMany = await of([request, request, request, request]);
      assert.equal(kindOf(tooMany), '422 too-many');
      assert.match(tooMany.body, /at most 3 at once/);
      assert.equal(kindOf(await of([])), '422 bad-request');
      assert.equal(kindOf(await of({ x: request })), '422 bad-request');
      assert.equal(kindOf(await of([request], { model_name: 'absent' })), '404 not-found');
      assert.equal(kindOf(await of([request], { signature_name: 'absent' })), '404 not-found');
      assert.equal(asked.length, 0);
    }));
});

describe('GET /model/info', () => {
  it('tells signatures, versions, labels and states; the registry’s record of a model that is registered', () =>
    withHome(async (context) => {
      await registerTwo(context);
      const service = new SampleService();
      await withDoor(
        context,
        undefined,
        async (door) => {
          const info = (await door.inject(`/model/info?model_name=${DOUBLER}`)).json<
            Record<string, unknown>
          >();
          assert.deepEqual(
            [info['version'], info['labels'], info['record']],
            [2, { stable: 2, canary: 1 }, null],
          );
          assert.deepEqual(info['signatures'], {
            serving_default: {
              method: 'tensorflow/serving/predict',
              inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 3] }],
              outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 3] }],
            },
          });
          assert.equal(kindOf(await door.inject('/model/info')), '409 which-model');
          assert.equal(kindOf(await door.inject('/model/info?model_name=absent')), '404 not-found');
        },
        { service },
      );
      const own = new SampleService([DOUBLER], { [DOUBLER]: NAME });
      await withDoor(
        context,
        undefined,
        async (door) => {
          const { name, record } = (await door.inject('/model/info')).json<{
            name: string;
            record: { version: number; sequenceLength: number; champion: boolean };
          }>();
          assert.deepEqual(
            [name, record.version, record.sequenceLength, record.champion],
            [NAME, 2, 504, false],
          );
        },
        { service: own },
      );
    }));

  it('is ready as soon as a model is, with Temporal or without', () =>
    withHome(async (context) => {
      const ready = (service: SampleService) =>
        withDoor(context, undefined, async (door) => (await door.inject('/ready')).json<object>(), {
          service,
        });
      const temporal = {
        ok: false,
        problem: 'No services run on this home. Start them with `npm run -s ringwatt -- up --detach`.',
      };
      const home = { ok: true, models: 0 };
      assert.deepEqual(await ready(new SampleService()), {
        ...{ ready: true, home, serving: { ok: true, models: 2 }, temporal },
      });
      const serving = { ok: false, models: 0, problem: 'no version of any model is loaded' };
      assert.deepEqual(await ready(new SampleService([])), { ready: false, home, serving, temporal });
    }));
});
