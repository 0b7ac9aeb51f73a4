import assert from 'node:assert/strict';
import { grpcDoor } from '../../../src/serving/grpc/door.ts';
import { restDoor } from '../../../src/serving/rest/door.ts';
import { SMALL_LIMITS, SmallService, smallGate } from '../wire/small-service.ts';
import { campaign, caseOf } from './campaign.ts';
import { slowClients } from './slow-clients.ts';
import { startTarget } from './target.ts';
import { complaint } from './verdict.ts';

/** `npm run fuzz` sends ten thousand. */
const CASES = 400;

describe('serve, sent what no client should', () => {
  it('refuses each as it should, goes on answering right, keeps nothing, and writes down neither payload nor key', async () => {
    await using served = await startTarget();
    const {
      replies: _replies,
      held,
      ...result
    } = await campaign(served, { cases: CASES, seed: 7, slow: 0 }, () => {});
    assert.deepEqual(
      {
        failures: result.failures,
        wrong: result.good.wrong,
        open: result.slow.leftOpen,
        leaked: result.leaked,
      },
      { failures: [], wrong: [], open: [], leaked: [] },
    );
    assert.ok(result.sameProcesses, 'a process has died');
    assert.ok(result.holds, JSON.stringify(held));
    assert.ok(result.families > 80 && result.good.asked >= 8, `${result.families} ${result.good.asked}`);
  });

  it('cuts off who sends a byte now and then', async () => {
    const limits = { ...SMALL_LIMITS, requestMs: 1000 };
    const log = { error: () => {} };
    const door = restDoor({ service: new SmallService(), gate: smallGate(false), limits, log });
    const rest = await door.listen({ host: '127.0.0.1', port: 0 });
    const calls = grpcDoor({ service: new SmallService(), gate: smallGate(false), limits, log });
    const grpc = `127.0.0.1:${await calls.listen(0, '127.0.0.1')}`;
    const target = { rest, http: rest, grpc, apiKey: '', bodyBytes: limits.bodyBytes };
    const { opened, leftOpen } = await slowClients(target, 2, 20_000);
    assert.deepEqual([opened, leftOpen], [14, []]);
    await door.close();
    await calls.close();
  });

  it('has the same cases for the same seed', () => {
    const families = (seed: number) => Array.from({ length: 50 }, (_, i) => caseOf(seed, i).family).join();
    assert.equal(families(7), families(7));
    assert.notEqual(families(7), families(8));
  });

  it('would tell an answer that is none', () => {
    const http = (status: number, body: string) =>
      ({ kind: 'http', status, type: 'application/json', body }) as const;
    assert.equal(complaint(http(400, '{"error":"no"}'), 'refused'), undefined);
    assert.match(complaint(http(200, '{"predictions":[]}'), 'refused')!, /answered with 200/);
    assert.match(complaint(http(500, '{"error":"no"}'), 'answered')!, /answered with 500/);
    assert.match(complaint(http(400, ''), 'refused')!, /without an error/);
    assert.match(complaint({ kind: 'ended' }, 'refused')!, /ended/);
    assert.match(complaint({ kind: 'silent' }, 'answered')!, /no answer/);
    assert.match(complaint({ kind: 'grpc', code: 2, message: 'x' }, 'ended')!, /code 2/);
    assert.match(complaint({ kind: 'grpc', code: 13, message: 'x' }, 'refused')!, /code 13/);
    assert.match(complaint({ kind: 'grpc', code: 3, message: '' }, 'refused')!, /without a message/);
  });
});
