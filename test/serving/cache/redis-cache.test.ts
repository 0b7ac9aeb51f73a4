import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { RedisCache } from '../../../src/serving/cache/redis-cache.ts';
import type { Logger } from '../../../src/stages/context.ts';
import { until } from '../../support/until.ts';
import { findRedisServer, RedisServer } from './redis-server.ts';

const PASSWORD = 'a-password-that-no-log-may-hold';

describe('answers in Redis', () => {
  let program: string;
  const servers: RedisServer[] = [];
  const caches: RedisCache[] = [];

  before(async function () {
    const found = await findRedisServer();
    if (found === undefined) {
      console.log('    left out: no redis-server on PATH or in REDIS_SERVER, and pip brings none');
      this.skip();
    }
    program = found!;
  });

  afterEach(async () => {
    await Promise.all(caches.splice(0).map((cache) => cache.close()));
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  async function start(...args: string[]): Promise<RedisServer> {
    const server = new RedisServer(program, ...args);
    servers.push(server);
    await server.start();
    return server;
  }

  function cacheOf(server: RedisServer, options: { ttlSeconds?: number; maxValueBytes?: number } = {}) {
    const lines: string[] = [];
    const note = (level: string) => (fields: object, message: string) =>
      void lines.push(JSON.stringify({ level, message, ...fields }));
    const log: Logger = {
      debug: note('debug'),
      info: note('info'),
      warn: note('warn'),
      error: note('error'),
    };
    const url = `redis://:${PASSWORD}@127.0.0.1:${server.port}`;
    const cache = new RedisCache({ url, log, ...options });
    caches.push(cache);
    return { cache, lines };
  }

  const withPassword = ['--requirepass', PASSWORD];
  const value = Buffer.from([0, 255, 1, 254]);

  /** A write is not waited for, and the connection neither. */
  const holds = (cache: RedisCache, key: string) =>
    until(async () => {
      cache.set(key, value);
      return (await cache.get(key)) !== undefined;
    });

  it('gives the same bytes to another process of the same Redis', async () => {
    const server = await start(...withPassword);
    const { cache } = cacheOf(server);
    const { cache: other } = cacheOf(server);
    await holds(cache, 'k');
    await until(async () => (await other.get('k')) !== undefined);
    assert.deepEqual(new Uint8Array((await other.get('k'))!), new Uint8Array(value));
    assert.equal(await other.get('never set'), undefined);
  });

  it('forgets after its time, and keeps nothing larger than its bound', async () => {
    const { cache } = cacheOf(await start(...withPassword), { ttlSeconds: 1, maxValueBytes: 100 });
    await holds(cache, 'short');
    cache.set('large', randomBytes(101));
    cache.set('fits', randomBytes(100));
    await until(async () => (await cache.get('fits')) !== undefined);
    assert.equal(await cache.get('large'), undefined);
    await until(async () => (await cache.get('short')) === undefined);
  });

  it('goes on without one that was killed, says so once, and is back when that is', async () => {
    const server = await start(...withPassword);
    const { cache, lines } = cacheOf(server);
    await holds(cache, 'k');
    await server.kill();
    await until(() => lines.length > 0);
    for (let call = 0; call < 100; call++) {
      assert.equal(await cache.get('k'), undefined);
      cache.set('k', value);
    }
    await server.start();
    await holds(cache, 'k');
    assert.deepEqual(levels(lines), ['warn', 'info']);
  });

  it('holds up only the calls under way when Redis stands still', async () => {
    const server = await start(...withPassword);
    const { cache, lines } = cacheOf(server);
    await holds(cache, 'k');
    server.pause();
    const underWay = await Promise.all(Array.from({ length: 50 }, () => cache.get('k')));
    assert.deepEqual(new Set(underWay), new Set([undefined]));
    assert.equal(lines.length, 1);
    // None of these waits for Redis: they are all answered before a timer can fire.
    let fired = false;
    setTimeout(() => (fired = true), 0);
    for (let call = 0; call < 1000; call++) await cache.get('k');
    assert.equal(fired, false);
    server.resume();
    await holds(cache, 'k');
    assert.deepEqual(levels(lines), ['warn', 'info']);
  });

  it('takes what somebody else has put there for nothing, if it is no value or a larger one, and goes on', async () => {
    const server = await start(...withPassword);
    const { cache, lines } = cacheOf(server, { maxValueBytes: 100 });
    await holds(cache, 'k');
    const other = new Redis(`redis://:${PASSWORD}@127.0.0.1:${server.port}`);
    await other.rpush('ringwatt:answer:1:list', 'x');
    await other.set('ringwatt:answer:1:large', randomBytes(101));
    await other.quit();
    assert.equal(await cache.get('list'), undefined);
    assert.equal(await cache.get('large'), undefined);
    await holds(cache, 'k');
    assert.deepEqual(
      lines.filter((line) => line.includes('WRONGTYPE')),
      [],
    );
  });

  it('leaves a connection over which nothing is answered, and asks over another', async () => {
    const sockets: Socket[] = [];
    // Answers whatever a client says first, and from then on nothing.
    const silent = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        const isAnswered = sockets.length === 1 && !/getrange|\bset\b/i.test(bytes.toString());
        if (isAnswered) socket.write('+OK\r\n'.repeat(bytes.toString().split('*').length - 1));
      });
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const { cache, lines } = cacheOf(Object.assign(new RedisServer(program), { port }));
    try {
      await until(async () => {
        await cache.get('k');
        return lines.length > 0;
      });
      await until(() => sockets.length > 1);
      await until(() => sockets[0]!.destroyed);
      assert.deepEqual(levels(lines), ['warn']);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });

  it('does not come back for one that is full, though that answers everything else', async () => {
    const { cache, lines } = cacheOf(await start(...withPassword, '--maxmemory', '1'));
    await until(() => {
      cache.set('k', value);
      return lines.length > 0;
    });
    assert.match(lines[0]!, /OOM/);
    // Longer than the time after which it is asked again.
    await new Promise((resolve) => setTimeout(resolve, 800));
    assert.deepEqual(levels(lines), ['warn']);
  });

  it('never logs the password, refused or not', async () => {
    const refused = cacheOf(await start('--requirepass', 'another'));
    const absent = cacheOf(Object.assign(new RedisServer(program), { port: 1 }));
    await until(() => refused.lines.length > 0 && absent.lines.length > 0);
    assert.equal(await refused.cache.get('k'), undefined);
    assert.match(absent.lines[0]!, /127\.0\.0\.1:1/);
    for (const line of [...refused.lines, ...absent.lines]) assert.ok(!line.includes(PASSWORD), line);
  });
});

const levels = (lines: readonly string[]) =>
  lines.map((line) => (JSON.parse(line) as { level: string }).level);
