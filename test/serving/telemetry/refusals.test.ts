import assert from 'node:assert/strict';
import { fastify } from 'fastify';
import type { CallEnded } from '../../../src/serving/observer.ts';
import { ServingProblem } from '../../../src/serving/problem.ts';
import { tellRefusals } from '../../../src/serving/telemetry/refusals.ts';
import { markTold } from '../../../src/serving/told-errors.ts';

describe('what a door refuses by itself', () => {
  it('is counted once, by its code, and what the models have counted is not counted again', async () => {
    const told: CallEnded[] = [];
    const app = fastify();
    tellRefusals(app, {
      ...{ door: 'http', observer: { callEnded: (call) => void told.push(call) } },
      isCall: ({ routeOptions }) => routeOptions.url === '/predict',
      callerOf: ({ headers }) => headers['x-api-key'] as string | undefined,
    });
    app.addHook('onRequest', async ({ headers }) => {
      if (headers['x-api-key'] === undefined) throw new ServingProblem('UNAUTHENTICATED', 'Say who you are.');
    });
    // Of those who throw it: 401 is a door's own affair.
    app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
      reply.status(error instanceof ServingProblem ? 401 : (error.statusCode ?? 500)).send({}),
    );
    app.post('/predict', ({ body }) => {
      const { fails } = body as { fails?: string };
      if (fails === undefined) return {};
      const error = new ServingProblem('NOT_FOUND', 'There is no such model.');
      if (fails === 'told') markTold(error);
      throw error;
    });
    app.get('/other', () => {
      throw new Error('x');
    });
    const post = (payload: string, key: string | null = 'ada') =>
      app.inject({
        ...{ method: 'POST', url: '/predict', payload },
        headers: { 'content-type': 'application/json', ...(key !== null && { 'x-api-key': key }) },
      });
    await post('{}');
    await post('{"fails": "told"}');
    await app.inject({ url: '/other', headers: { 'x-api-key': 'ada' } });
    assert.deepEqual(told, []);
    await post('{"fails": "here"}');
    await post('{', 'bob');
    await post('{}', null);
    await app.close();
    assert.deepEqual(
      told.map(({ caller, code, model, rows }) => ({ caller, code, model, rows })),
      [
        { caller: 'ada', code: 'NOT_FOUND', model: undefined, rows: 0 },
        { caller: 'bob', code: 'INVALID_ARGUMENT', model: undefined, rows: 0 },
        { caller: 'unknown', code: 'UNAUTHENTICATED', model: undefined, rows: 0 },
      ],
    );
    assert.ok(told.every(({ seconds, requestId }) => seconds > 0 && requestId !== ''));
  });
});
