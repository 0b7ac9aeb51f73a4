import assert from 'node:assert/strict';
import type { LightMyRequestResponse } from 'fastify';
import { openGate } from '../../src/access/gate.ts';
import { createApiKey } from '../../src/access/key-file.ts';
import { accessOptions } from '../../src/access/options.ts';
import type { AuditEntry } from '../../src/contracts/audit.ts';
import type { LifecycleEvent } from '../../src/contracts/lifecycle.ts';
import { readHistory } from '../../src/registry/history.ts';
import type { Role } from '../../src/serving/service.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { stageRunner } from '../../src/stages/runner.ts';
import { promoteVersion, rollbackChampion } from '../../src/temporal/runs.ts';
import { vouch } from '../../src/signing/voucher.ts';
import { linesOf } from '../audit/sample-audit.ts';
import { withHome } from '../backtest/sample-home.ts';
import { temporal, withWorkers } from '../support/temporal.ts';
import { NAME, registerTwo, withDoor } from './sample-door.ts';
import { DOUBLER, SampleService } from './sample-service.ts';

const JSON_BODY = { 'content-type': 'application/json' };
const kindOf = (reply: LightMyRequestResponse) =>
  `${reply.statusCode} ${reply.json<{ error?: { kind: string } }>().error?.kind}`;

async function keysOf<Name extends string>({ home }: StageContext, roles: Record<Name, Role>) {
  const keys: Partial<Record<Name, string>> = {};
  for (const name of Object.keys(roles) as Name[]) {
    const made = await createApiKey(home, { name, role: roles[name] }, { by: 'test', reason: '' });
    keys[name] = made.key;
  }
  return keys as Record<Name, string>;
}

const gateOf = ({ home }: StageContext) => openGate(home, accessOptions.parse({}), silentLogger);

describe('the HTTP door before people who have keys', () => {
  it('asks for the role that a route needs before it reads a body; probes and documentation need none', () =>
    withHome(async (context) => {
      const { vera, grace } = await keysOf(context, { vera: 'viewer', grace: 'approver' });
      const parts = { service: new SampleService(), gate: await gateOf(context) };
      await withDoor(
        context,
        undefined,
        async (door) => {
          const get = (url: string, headers: object = {}) => door.inject({ url, headers: { ...headers } });
          const post = (url: string, payload: string, headers: object) =>
            door.inject({ method: 'POST', url, headers: { ...JSON_BODY, ...headers }, payload });
          for (const url of ['/', '/health', '/ready', '/openapi.json', '/docs'])
            assert.equal((await get(url)).statusCode, 200, url);
          assert.deepEqual((await get('/ready')).json(), {
            ...{ ready: true, home: { ok: true }, serving: { ok: true }, temporal: { ok: false } },
          });
          assert.match(
            (await get('/ready', { 'x-api-key': vera })).body,
            /Start them with `npm run -s ringwatt -- up --detach`/,
          );
          const nobody = await get('/models');
          assert.equal(kindOf(nobody), '401 unauthenticated');
          assert.equal(nobody.headers['www-authenticate'], 'Bearer');
          assert.equal(kindOf(await get('/models', { 'x-api-key': `${vera}x` })), '401 unauthenticated');
          for (const headers of [{ 'x-api-key': vera }, { authorization: `Bearer ${vera}` }])
            assert.equal((await get('/models', headers)).statusCode, 200);
          const body = JSON.stringify({ data: [[1, 2, 3]], model_name: DOUBLER });
          assert.equal((await post('/predict', body, { 'x-api-key': vera })).statusCode, 200);
          // Of no model at all, with a body that is none: nobody has looked at either yet.
          const promote = '/models/absent/promote';
          assert.equal(kindOf(await post(promote, '{', {})), '401 unauthenticated');
          assert.equal(kindOf(await post(promote, '{', { 'x-api-key': vera })), '403 permission-denied');
          assert.equal(
            kindOf(await post(promote, '{"version":1}', { 'x-api-key': grace })),
            '404 MissingDataError',
          );
        },
        parts,
      );
    }));

  it('puts into history and audit who it was, which no other door can claim', () =>
    withHome(async (context) => {
      const { home } = context;
      await registerTwo(context);
      const { grace } = await keysOf(context, { grace: 'approver' });
      const { address, namespace = 'default' } = await temporal();
      const gate = await gateOf(context);
      const place = { temporalAddress: address, temporalNamespace: namespace };
      await withWorkers(stageRunner(context), (client) =>
        withDoor(
          context,
          place,
          async (door) => {
            const post = (what: string, payload: object) => {
              const headers = { ...JSON_BODY, 'x-api-key': grace };
              return door.inject({ method: 'POST', url: `/models/${NAME}/${what}`, headers, payload });
            };
            assert.equal(kindOf(await post('promote', { version: 1, by: 'ada' })), '403 another-name');
            const promoted = (await post('promote', { version: 1, reason: 'better' })).json<LifecycleEvent>();
            assert.deepEqual([promoted.by, promoted.identity], ['grace', 'authenticated']);
            assert.equal(kindOf(await post('promote', { version: 1, by: 'grace' })), '409 refused');
            // Who reaches Temporal can send what they like, even what the door has signed for something else.
            const voucher = await vouch(home, { kind: 'promote', model: NAME, by: 'grace', version: 1 });
            await promoteVersion(client, NAME, { version: 2, by: 'grace', from: 'http', voucher });
            await rollbackChampion(client, NAME, { by: 'grace', from: 'http', voucher });
          },
          { gate },
        ),
      );
      const expected = [
        'promoted by grace, authenticated',
        'refused by grace, authenticated',
        'promoted by grace, claimed',
        'rolled-back by grace, claimed',
      ];
      const history = await readHistory({ home }, { name: NAME });
      assert.deepEqual(history.map(({ kind, by, identity }) => `${kind} by ${by}, ${identity}`), expected); // prettier-ignore
      const audit = (await linesOf(home))
        .map((line) => JSON.parse(line) as AuditEntry)
        .filter(({ subject, what }) => subject === `model/${NAME}` && what !== 'signed');
      assert.deepEqual(audit.map(({ what, who, identity }) => `${what} by ${who}, ${identity}`), expected); // prettier-ignore
      assert.ok(audit.every((entry) => !('vouched' in entry)));
    }));
});
