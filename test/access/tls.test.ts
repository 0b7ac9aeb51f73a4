import assert from 'node:assert/strict';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { get, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { httpCredentials } from '../../src/access/credentials.ts';
import { openTls } from '../../src/access/tls.ts';
import { readServingTls } from '../../src/access/tls-files.ts';
import { BadInputError } from '../../src/errors.ts';
import type { Credentials } from '../../src/serving/gate.ts';
import { certifyServer } from '../../src/tls/server.ts';
import { testAuthority } from '../tls/certificates.ts';
import { keptLog, newFolder, newHome } from './sample.ts';
import { filesOf, NEVER_BY_ITSELF, shown, versionWith } from './tls-sample.ts';

/** A call over TLS: who the door says it was, or why there was none. */
function call(port: number, tls: RequestOptions): Promise<Credentials> {
  return new Promise((resolve, reject) => {
    const asked = get({ host: '127.0.0.1', port, path: '/', agent: false, ...tls }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (part: string) => (text += part));
      reply.once('end', () => resolve(JSON.parse(text) as Credentials));
    });
    asked.once('error', reject);
  });
}

describe('TLS before doors of HTTP', () => {
  const closing: (() => unknown)[] = [];
  after(async () => {
    for (const close of closing) await close();
  });

  async function httpDoor(files: Parameters<typeof openTls>[0], log = keptLog().log) {
    const tls = await openTls(files, log, NEVER_BY_ITSELF);
    const door = fastify({ https: tls.httpsOptions(), forceCloseConnections: true });
    door.get('/', (request) => httpCredentials(request.raw));
    await door.listen({ host: '127.0.0.1', port: 0 });
    tls.follow(door.server);
    closing.push(() => door.close(), () => tls[Symbol.asyncDispose]()); // prettier-ignore
    return { tls, port: (door.server.address() as AddressInfo).port };
  }

  it('is 1.3 with who can, 1.2 at least, and nothing below', async () => {
    const authority = await testAuthority();
    const files = await filesOf(await authority.issue('127.0.0.1'));
    const { port } = await httpDoor(files);
    assert.equal(await versionWith(port, authority.ca, 'TLSv1.3'), 'TLSv1.3');
    assert.equal(await versionWith(port, authority.ca, 'TLSv1.2'), 'TLSv1.2');
    await assert.rejects(versionWith(port, authority.ca, 'TLSv1.1'), {
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    });
  });

  it('tells the gate the name in a client certificate of our authority, and lets nobody else connect', async () => {
    const authority = await testAuthority();
    const stranger = await testAuthority();
    const files = await filesOf(await authority.issue('127.0.0.1'), authority.ca);
    const desk = await authority.issue('energy-desk');
    const foreign = await stranger.issue('energy-desk');
    const http = await httpDoor(files);
    const found = await call(http.port, { ca: authority.ca, cert: desk.cert, key: desk.key });
    assert.equal(found.certificate, 'energy-desk');
    await assert.rejects(
      call(http.port, { ca: authority.ca }),
      /certificate required|hang up|ECONNRESET|EPIPE/i,
    );
    await assert.rejects(
      call(http.port, { ca: authority.ca, cert: foreign.cert, key: foreign.key }),
      /unknown ca|alert|hang up|ECONNRESET|EPIPE/i,
    );
  });

  it('asks for no certificate where none is wanted, and then takes no name from one', async () => {
    const authority = await testAuthority();
    const files = await filesOf(await authority.issue('127.0.0.1'));
    const desk = await authority.issue('energy-desk');
    const http = await httpDoor(files);
    assert.equal(
      (await call(http.port, { ca: authority.ca, cert: desk.cert, key: desk.key })).certificate,
      undefined,
    );
  });

  it('shows a renewed certificate to whoever connects next; half of a renewal changes nothing', async () => {
    const authority = await testAuthority();
    const files = await filesOf(await authority.issue('127.0.0.1'));
    const { lines, log } = keptLog();
    const http = await httpDoor(files, log);
    const options = { ca: authority.ca };
    const before = await shown(http.port, options);
    const renewed = await authority.issue('127.0.0.1');
    await writeFile(files.cert, renewed.cert);
    await http.tls.check();
    assert.equal(await shown(http.port, options), before);
    assert.match(lines.join(), /is not that of the certificate/);
    await writeFile(files.key, renewed.key);
    await http.tls.check();
    assert.notEqual(await shown(http.port, options), before);
    assert.ok(!lines.join().includes('PRIVATE KEY'));
  });

  it('shows one that could not be used as soon as it can, though its files are the same, and complains once', async () => {
    const authority = await testAuthority();
    const files = await filesOf(await authority.issue('127.0.0.1'));
    const { lines, log } = keptLog();
    const http = await httpDoor(files, log);
    const before = await shown(http.port, { ca: authority.ca });
    const renewed = await authority.issue('127.0.0.1');
    await writeFile(files.cert, renewed.cert);
    await writeFile(files.key, renewed.key);
    // A mode is no change of what is in a file.
    await chmod(files.key, 0o604);
    await http.tls.check();
    await http.tls.check();
    assert.equal(await shown(http.port, { ca: authority.ca }), before);
    await chmod(files.key, 0o600);
    await http.tls.check();
    assert.notEqual(await shown(http.port, { ca: authority.ca }), before);
    assert.equal(lines.filter((line) => line.includes('cannot be used')).length, 1);
  });

  it('says of its files what is wrong with them, before a door opens', async () => {
    const authority = await testAuthority();
    const [own, other] = [await authority.issue('127.0.0.1'), await authority.issue('127.0.0.1')];
    const over = await authority.issue('127.0.0.1', -1);
    const refused = (text: RegExp) => (error: unknown) =>
      error instanceof BadInputError && text.test(error.line);
    const good = await filesOf(own);
    await readServingTls(good);
    await assert.rejects(readServingTls({ ...good, cert: `${good.cert}x` }), refused(/ENOENT.*--tls-cert/));
    await assert.rejects(
      readServingTls(await filesOf({ ...own, key: other.key })),
      refused(/is not that of/),
    );
    await assert.rejects(readServingTls(await filesOf(over)), refused(/expired at/));
    await assert.rejects(
      readServingTls(await filesOf({ ...own, cert: own.key })),
      refused(/holds no certificate/),
    );
    await assert.rejects(readServingTls(await filesOf({ ...own, key: own.cert })), refused(/no private key/));
    await assert.rejects(
      readServingTls(await filesOf(own, 'nothing')),
      refused(/ca\.pem holds no certificate/),
    );
    const cut = own.cert.replace(/\n(.{20})/, '\nAAAA');
    await assert.rejects(
      readServingTls(await filesOf({ ...own, cert: cut })),
      refused(/damaged certificate/),
    );
    await chmod(good.key, 0o604);
    await assert.rejects(readServingTls(good), refused(/Every user.*604.*chmod 600/));
    await rm(good.key);
    await assert.rejects(readServingTls(good), refused(/--tls-key/));
  });

  it('takes what `certs --server` makes, for all names that were given', async () => {
    const home = await newHome();
    const out = join(await newFolder(), 'tls');
    const order = { hosts: ['localhost', '127.0.0.1', '::1'], out, days: 30, renew: false };
    await certifyServer(home, order);
    const files = { cert: join(out, 'cert.pem'), key: join(out, 'key.pem') };
    const { goodUntil } = await readServingTls(files);
    const days = (goodUntil.getTime() - Date.now()) / 86_400_000;
    assert.ok(days > 29.9 && days <= 30);
    const { port } = await httpDoor(files);
    const ca = await readFile(join(out, 'ca.pem'));
    for (const servername of ['localhost', '127.0.0.1']) {
      const checked = servername === 'localhost' ? { servername } : {};
      assert.equal((await call(port, { ca, ...checked })).address, '127.0.0.1');
    }
    await assert.rejects(call(port, { ca, servername: 'elsewhere.example' }), /altnames|does not match/i);
    await assert.rejects(certifyServer(home, order), /a certificate in .* already/);
    await certifyServer(home, { ...order, renew: true });
  });
});

describe('what a request brings', () => {
  it('is never a key in its address', async () => {
    const door = fastify();
    door.get('/*', (request) => httpCredentials(request.raw));
    const ask = (url: string, headers = {}) =>
      door.inject({ url, headers: { host: '127.0.0.1', ...headers } });
    const secret = `rw_abcd1234_${'x'.repeat(43)}`;
    for (const url of [
      `/?api_key=1`,
      '/?a=1&X-API-Key=2',
      '/?access_token=3',
      '/?api%5Fkey=4',
      `/?note=${secret}`,
      `/${secret}`,
      `/${secret.replaceAll('_', '%5F')}`,
    ]) {
      const reply = await ask(url);
      assert.match(reply.body, /Keys are not taken from an address/, url);
      assert.ok(!reply.body.includes(secret));
    }
    for (const url of ['/v1/models/rw', '/forecast/ERCO?horizon=24&issue_time=2026', '/?monkey=1']) {
      assert.equal((await ask(url)).statusCode, 200, url);
    }
    await door.close();
  });

  it('says whether a page of another site sent it', async () => {
    const door = fastify();
    door.get('/', (request) => httpCredentials(request.raw));
    const foreign = async (headers: Record<string, string>) =>
      (await door.inject({ url: '/', headers: { host: '127.0.0.1:8501', ...headers } })).json<Credentials>()
        .foreign;
    for (const headers of [
      {},
      { host: 'localhost' },
      { host: '[::1]:8501' },
      { origin: 'http://127.0.0.1:8501' },
      { 'sec-fetch-site': 'same-origin' },
    ] as Record<string, string>[]) assert.equal(await foreign(headers), false, JSON.stringify(headers)); // prettier-ignore
    for (const headers of [
      { host: 'rebound.example' },
      { host: '127.0.0.1.rebound.example' },
      { host: '192.168.1.5' },
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:9999' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ] as Record<string, string>[]) assert.equal(await foreign(headers), true, JSON.stringify(headers)); // prettier-ignore
    await door.close();
  });
});
