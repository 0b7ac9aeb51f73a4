import { once } from 'node:events';
import { CANARY, pick, upTo, type Case, type Maker, type Reply, type Target } from './case.ts';
import { open, raw } from './socket.ts';

export const PATHS = { rest: '/v1/models/line:predict', http: '/predict' };
export const BODIES = { rest: '{"instances":[[1,2]]}', http: '{"data":[[1,2]]}' };

export const head = (lines: readonly string[]) => `${lines.join('\r\n')}\r\n\r\n`;

/** What is hardly HTTP: two lengths, bad chunks, bad names, other protocols. */
const badHttp: Maker = (random) => {
  const door = pick(random, ['rest', 'http'] as const);
  const path = PATHS[door];
  const body = BODIES[door];
  const length = `Content-Length: ${body.length}`;
  const post = (key: string, ...lines: string[]) =>
    head([
      `POST ${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Content-Type: application/json',
      `X-API-Key: ${key}`,
      ...lines,
    ]);
  const number = upTo(random, 1e6);
  const messages: Record<string, (key: string) => (string | Buffer)[]> = {
    'two lengths': (key) => [post(key, length, 'Content-Length: 3'), body],
    'length and chunks': (key) => [post(key, length, 'Transfer-Encoding: chunked'), `0\r\n\r\n${body}`],
    'bad lengths': (key) => [post(key, `Content-Length: ${pick(random, ['-1', '0x10', '1e3', '+5', '9'.repeat(30)])}`), body], // prettier-ignore
    'bad chunks': (key) => [post(key, 'Transfer-Encoding: chunked'), pick(random, ['zz\r\n', '-1\r\n', 'fffffffffffffffff\r\nx', '5\r\nabc', `5;${'x'.repeat(20_000)}\r\n`])], // prettier-ignore
    'unknown coding': (key) => [post(key, 'Transfer-Encoding: gzip, identity'), body],
    'shorter than said': (key) => [post(key, `Content-Length: ${body.length + 10}`), body],
    'bad header names': (key) => [post(key, pick(random, ['X Y: 1', ': 1', 'X\u0000: 1', 'X', ' X: 1']), length), body], // prettier-ignore
    'bad header values': (key) => [post(key, `X: a${pick(random, ['\u0000', '\u0001', '\n b', '\r c'])}b`, length), body], // prettier-ignore
    'no host': (key) => [head([`POST ${path} HTTP/1.1`, `X-API-Key: ${key}`, length]), body],
    'bad lines': () => [head([pick(random, ['GET', 'GET /', 'GET / HTTP/9.9', 'GET / HTTP/1.1 x', '/ GET HTTP/1.1', 'G\u0000T / HTTP/1.1', 'PRI * HTTP/2.0', 'TRACE / HTTP/1.1'])])], // prettier-ignore
    'long addresses': () => [`GET /${'x'.repeat(20_000 + number / 10)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`],
    'odd addresses': (key) => [head([`GET ${pick(random, ['http://elsewhere/', '//', '/\u00ff', '/../../etc/passwd', '/%', '*', 'x', '/v1/models/\u0000'])} HTTP/1.1`, 'Host: 127.0.0.1', `X-API-Key: ${key}`, 'Connection: close'])], // prettier-ignore
    'endless headers': () => [
      `GET / HTTP/1.1\r\n${Array.from({ length: 5000 }, (_, i) => `X-${i}: ${CANARY}\r\n`).join('')}`,
    ],
    TLS: () => [Buffer.from('16030100c8010000c40303', 'hex'), Buffer.alloc(190, number % 256)],
    noise: () => [
      Buffer.from(Array.from({ length: 1 + upTo(random, 500) }, () => upTo(random, 255))),
      '\r\n\r\n',
    ],
    'HTTP/2': () => ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', Buffer.alloc(9)],
  };
  const [family, make] = pick(random, Object.entries(messages));
  return {
    family: `${door}: ${family}`,
    expected: 'ended',
    send: (target) => raw(target[door], make(target.apiKey)),
  };
};

/** Says that it brings a gigabyte, and how: whole, or in chunks without an end. Most of it must never be read. */
const gigabytes: Maker = (random) => {
  const door = pick(random, ['rest', 'http'] as const);
  const announced = random() < 0.5;
  return {
    family: `${door}: a gigabyte ${announced ? 'announced' : 'in chunks'}`,
    expected: 'cut off',
    send: (target) => sendGigabyte(target, door, announced),
  };
};

const GIGABYTE = 2 ** 30;
const CHUNK = Buffer.alloc(64 * 1024, '1');

async function sendGigabyte(target: Target, door: 'rest' | 'http', announced: boolean): Promise<Reply> {
  const socket = open(target[door]);
  const seen = { text: '', over: false };
  socket.on('data', (bytes: Buffer) => (seen.text += bytes.toString('latin1')));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve())).then(
    () => (seen.over = true),
  );
  socket.once('end', () => (seen.over = true));
  const length = announced ? `Content-Length: ${GIGABYTE}` : 'Transfer-Encoding: chunked';
  socket.write(
    head([
      `POST ${PATHS[door]} HTTP/1.1`,
      ...['Host: 127.0.0.1', 'Content-Type: application/json', `X-API-Key: ${target.apiKey}`, length],
    ]),
  );
  // What the kernel and the server hold on the way is not what the server has taken.
  const most = target.bodyBytes + 16 * 2 ** 20;
  let sent = 0;
  while (!seen.over && seen.text === '' && sent < most) {
    if (!announced) socket.write(`${CHUNK.length.toString(16)}\r\n`);
    const goesOn = socket.write(CHUNK);
    if (!announced) socket.write('\r\n');
    sent += CHUNK.length;
    if (!goesOn) await Promise.race([once(socket, 'drain').catch(() => undefined), closed, pause(500)]);
  }
  for (let waited = 0; seen.text === '' && !seen.over && waited < 3000; waited += 20) await pause(20);
  socket.destroy();
  const status = /^HTTP\/1\.1 (\d{3})/.exec(seen.text)?.[1];
  if (status === undefined) return { kind: sent >= most && !seen.over ? 'silent' : 'ended' };
  const body = seen.text.split('\r\n\r\n').slice(1).join('\r\n\r\n');
  return {
    kind: 'http',
    status: Number(status),
    type: /^content-type: (.*)$/im.exec(seen.text)?.[1] ?? '',
    body,
  };
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Connections that are dropped at any moment. */
const droppedRequests: Maker = (random): Case => {
  const door = pick(random, ['rest', 'http'] as const);
  const at = random();
  return {
    family: `${door}: dropped`,
    expected: 'ended',
    async send(target) {
      const whole = `${head([`POST ${PATHS[door]} HTTP/1.1`, 'Host: 127.0.0.1', 'Content-Type: application/json', `X-API-Key: ${target.apiKey}`, `Content-Length: ${BODIES[door].length}`])}${BODIES[door]}`;
      const socket = open(target[door]);
      await once(socket, 'connect').catch(() => undefined);
      socket.write(whole.slice(0, Math.floor(at * whole.length)));
      await pause(1);
      if (at < 0.5) socket.destroy();
      else socket.resetAndDestroy();
      return { kind: 'ended' };
    },
  };
};

export const SOCKET_MAKERS: readonly [share: number, Maker][] = [
  [10, badHttp],
  [1, gigabytes],
  [3, droppedRequests],
];
