import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { LightMyRequestResponse } from 'fastify';
import { writeFileAtomic } from '../../src/lake/atomic-write.ts';
import { ringwatt } from '../cli/command.ts';
import { withHome } from '../backtest/sample-home.ts';
import { NAME, registerTwo, withDoor } from './sample-door.ts';

const JSON_BODY = { 'content-type': 'application/json' };
const kindOf = (reply: LightMyRequestResponse) =>
  `${reply.statusCode} ${reply.json<{ error: { kind: string } }>().error.kind}`;

describe('the HTTP door without Temporal', () => {
  it('tells of models, jobs and alerts, and that it is not ready', () =>
    withHome(async (context) => {
      await registerTwo(context);
      await withDoor(context, undefined, async (door) => {
        assert.deepEqual((await door.inject('/health')).json(), { status: 'ok' });
        const ready = await door.inject('/ready');
        assert.equal(ready.statusCode, 503);
        assert.match(ready.body, /No services run on this home/);
        assert.deepEqual(ready.json<{ home: object }>().home, { ok: true, models: 1 });
        const { routes } = (await door.inject('/')).json<{ routes: string[] }>();
        assert.ok(routes.includes('GET /ready') && routes.includes('POST /models/{name}/canary/end'));
        assert.ok(routes.includes('GET /docs') && !routes.some((route) => route.includes('/docs/')));
        assert.ok(!routes.some((route) => route.startsWith('HEAD')));
        const { models } = (await door.inject('/models')).json<{ models: { versions: object[] }[] }>();
        assert.equal(models[0]!.versions.length, 2);
        const one = (await door.inject(`/models/${NAME}`)).json<{ champion: null; events: object[] }>();
        assert.deepEqual([one.champion, one.events], [null, []]);
        assert.deepEqual((await door.inject('/jobs')).json(), { jobs: [] });
        assert.deepEqual((await door.inject('/alerts')).json<{ firing: object[] }>().firing, []);
        const promote = { method: 'POST', url: `/models/${NAME}/promote`, headers: JSON_BODY } as const;
        const reply = await door.inject({ ...promote, payload: { version: 1 } });
        assert.equal(kindOf(reply), '503 UnavailableError');
        assert.match(reply.body, /Start them with `npm run -s ringwatt -- up --detach`/);
        assert.equal(reply.headers['retry-after'], '5');
      });
    }));

  it('refuses what is wrong with one clear error, and says which request it was', () =>
    withHome(async (context) => {
      await registerTwo(context);
      await withDoor(context, undefined, async (door) => {
        const post = (path: string, payload: string | object, headers: object = JSON_BODY) =>
          door.inject({ method: 'POST', url: path, headers: { ...headers }, payload });
        const promote = `/models/${NAME}/promote`;
        const expected: [Promise<LightMyRequestResponse>, string][] = [
          [post(promote, '{"version":'), '400 bad-json'],
          [post(promote, ''), '400 bad-json'],
          [post(promote, '{"__proto__":{"version":1}}'), '400 bad-json'],
          [post(promote, '[1]'), '422 bad-request'],
          [post(promote, { version: '1' }), '422 bad-request'],
          [post(promote, { version: 1, more: 1 }), '422 bad-request'],
          [post(promote, { version: 1, from: 'cli' }), '422 bad-request'],
          [post(promote, { version: 1, reason: 'x'.repeat(501) }), '422 bad-request'],
          [post(promote, { version: 1, reason: 'x'.repeat(70_000) }), '413 too-large'],
          [post(promote, { version: 1 }, { 'content-type': 'text/plain' }), '415 bad-media-type'],
          [post(promote, { version: 1 }, { 'content-type': 'application/jsonp' }), '415 bad-media-type'],
          [post(`/models/${NAME}/rollback`, 'a=1', {}), '415 bad-media-type'],
          [post('/models/other/promote', { version: 1 }), '404 MissingDataError'],
          [post('/models/Not%20A%20Name/promote', { version: 1 }), '400 bad-request'],
          [post('/models/..%2f..%2fkeys/promote', { version: 1 }), '400 bad-request'],
          [post('/models', {}), '405 no-method'],
          [post('/nothing', {}), '404 no-route'],
          [door.inject('/models?name=x'), '400 bad-request'],
          [door.inject('/models/other'), '404 MissingDataError'],
          [door.inject('/jobs/other'), '404 MissingDataError'],
          [door.inject('/nothing'), '404 no-route'],
          [door.inject('/models/%ff'), '400 bad-request'],
        ];
        for (const [asked, kind] of expected) {
          const reply = await asked;
          assert.equal(kindOf(reply), kind, reply.body);
          const { error } = reply.json<{ error: Record<string, string> }>();
          assert.deepEqual(Object.keys(error).toSorted(), ['cure', 'kind', 'message', 'requestId']);
          assert.equal(error['requestId'], reply.headers['x-request-id']);
        }
      });
    }));

  it('names the fields of a body that is wrong', () =>
    withHome(async (context) => {
      await registerTwo(context);
      await withDoor(context, undefined, async (door) => {
        const url = `/models/${NAME}/canary`;
        const reply = await door.inject({ method: 'POST', url, headers: JSON_BODY, payload: { share: 2 } });
        const { error } = reply.json<{ error: { message: string; cure: string } }>();
        assert.match(error.message, /^The request is wrong: version: is not given; share: /);
        assert.equal(error.cure, 'Its fields are version (needed), share (needed), by, reason.');
      });
    }));

  it('answers neither a page of another site nor a name that was made to lead here', () =>
    withHome(async (context) => {
      await registerTwo(context);
      await withDoor(context, undefined, async (door) => {
        const get = (headers: object) => door.inject({ url: '/models', headers: { ...headers } });
        const foreign: [object, string][] = [
          [{ host: 'evil.example:8000' }, '403 permission-denied'],
          [{ host: '127.0.0.1.evil.example' }, '403 permission-denied'],
          [{ host: '127.0.0.1:8000', origin: 'http://evil.example' }, '403 permission-denied'],
          [{ host: '127.0.0.1:8000', origin: 'null' }, '403 permission-denied'],
          [{ host: '127.0.0.1:8000', origin: 'http://127.0.0.1:3000' }, '403 permission-denied'],
          [{ host: '127.0.0.1:8000', 'sec-fetch-site': 'cross-site' }, '403 permission-denied'],
        ];
        for (const [headers, kind] of foreign) {
          const reply = await get(headers);
          assert.equal(kindOf(reply), kind, JSON.stringify(headers));
          // No key helps there.
          assert.match(reply.json<{ error: { cure: string } }>().error.cure, /http:\/\/127\.0\.0\.1/);
        }
        for (const headers of [
          { host: '127.0.0.1:8000' },
          { host: 'LOCALHOST:8000' },
          { host: '[::1]:8000', origin: 'http://[::1]:8000' },
        ]) {
          assert.equal((await get(headers)).statusCode, 200);
        }
      });
    }));

  it('logs routes and request ids, and nothing of what people send', () =>
    withHome(async (context) => {
      await registerTwo(context);
      const lines: string[] = [];
      const take = (fields: object, message: string) =>
        void lines.push(JSON.stringify({ message, ...fields }));
      const errors: string[] = [];
      const log = {
        debug: take,
        info: take,
        warn: take,
        error: (_: object, said: string) => void errors.push(said),
      };
      await withDoor(
        context,
        undefined,
        async (door) => {
          const headers = { ...JSON_BODY, authorization: 'Bearer s3cret' };
          const payload = { version: 1, reason: 's3cret' };
          for (const url of [`/models/${NAME}/promote?token=s3cret`, `/models/${NAME}/promote`])
            await door.inject({ method: 'POST', url, headers, payload });
          await door.inject('/models/s3cret');
        },
        { log },
      );
      for (const status of [401, 503]) {
        const found = (line: string) =>
          line.includes('/models/:name/promote') && line.includes(`"status":${status}`);
        assert.ok(lines.some(found), `${status}`);
      }
      assert.ok(!lines.join('').includes('s3cret'));
      // That services are away is no fault of this process.
      assert.deepEqual(errors, []);
    }));

  it('hides what went wrong inside, and logs it', () =>
    withHome(async (context) => {
      await registerTwo(context);
      await writeFileAtomic(context.home.path(`models/${NAME}/champion.json`), '{');
      await withDoor(context, undefined, async (door) => {
        const reply = await door.inject('/models');
        assert.equal(kindOf(reply), '500 CorruptArtifactError');
      });
    }));

  it('ends a connection that never says what it wants with a clear answer', () =>
    withHome(async (context) => {
      await withDoor(context, undefined, async (door) => {
        await door.listen({ host: '127.0.0.1', port: 0 });
        const { port } = door.server.address() as { port: number };
        const socket = connect(port, '127.0.0.1');
        socket.write('no HTTP\r\n\r\n');
        assert.match(await text(socket), /400 Bad Request/);
      });
    }));
});

describe('serve', () => {
  it('refuses to let other machines in', async () => {
    const { code, stderr } = await ringwatt(['serve', '--host', '0.0.0.0', '--port', '0']);
    assert.equal(code, 1);
    assert.match(stderr, /would let other machines in/);
  });
});
