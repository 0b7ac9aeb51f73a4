import { gzipSync } from 'node:zlib';
import type { Random } from '../../../src/model/random.ts';
import { CANARY, pick, upTo, type Case, type Maker } from './case.ts';
import { ask } from './http-request.ts';
import { jsonBody } from './json-bodies.ts';

const GOOD = '{"instances":[[1,2]]}';
const PREDICT = '/v1/models/line:predict';

/** Bodies of predict, by TensorFlow Serving's REST. */
const restBodies: Maker = (random) => {
  const { family, bytes, hopeless } = jsonBody(random, pick(random, ['instances', 'inputs']));
  const url =
    random() < 0.9 ? PREDICT : pick(random, ['/v1/models/line:classify', '/v1/models/line:regress']);
  return {
    family: `rest: ${family}`,
    expected: hopeless ? 'refused' : 'answered',
    send: (target) => ask(target, { url: `${target.rest}${url}`, body: bytes }),
  };
};

/** The same by the friendly API. */
const friendlyBodies: Maker = (random) => {
  const { family, bytes, hopeless } = jsonBody(random, 'data');
  const url = random() < 0.7 ? '/predict' : '/predict/batch';
  return {
    family: `http: ${family}`,
    // Of a batch each item is refused by itself.
    expected: hopeless && url === '/predict' ? 'refused' : 'answered',
    send: (target) => ask(target, { url: `${target.http}${url}`, body: bytes }),
  };
};

const TRAVERSALS = ['..', '../..', '..%2f..%2f..%2fetc%2fpasswd', '%2e%2e%2f', '..%5c..%5c', '%2fetc%2fpasswd', '....//', '%252e%252e%252f', '%c0%ae%c0%ae%2f', '..;/', 'line%00.json']; // prettier-ignore
const NO_NAMES = ['nobody', CANARY, '%ff', '%', '%zz', ' ', '%20', '%0a', '*', '__proto__', 'constructor', 'line ', 'LINE', 'line%2F', "'; DROP TABLE models; --", '${7*7}', '{{7*7}}', '<script>', 'x'.repeat(300), 'x'.repeat(9000)]; // prettier-ignore

const strangeName = (random: Random) => {
  const name = random() < 0.5 ? pick(random, TRAVERSALS) : pick(random, NO_NAMES);
  // What no client could send as an address at all is the business of the sockets' cases.
  return name.replaceAll(/[ {}'<>$;]/g, (letter) => (random() < 0.5 ? encodeURIComponent(letter) : '-'));
};

const restNames: Maker = (random) => {
  const name = strangeName(random);
  const url = pick(random, [
    `/v1/models/${name}:predict`,
    `/v1/models/${name}`,
    `/v1/models/${name}/metadata`,
    `/v1/models/line/versions/${name}:predict`,
    `/v1/models/line/labels/${name}:predict`,
    `/v1/models/line/versions/${'9'.repeat(1 + upTo(random, 40))}:predict`,
    `/v1/models/line/versions/-1:predict`,
    `/v1/models/line:${name}`,
    `/v1/models/line:predict/${name}`,
    `/v1/${name}`,
    `/${name}`,
  ]);
  const method = url.endsWith(':predict') ? 'POST' : pick(random, ['GET', 'POST']);
  return {
    family: 'rest: names',
    expected: 'refused',
    send: (target) =>
      ask(target, { url: `${target.rest}${url}`, method, body: method === 'POST' ? GOOD : undefined }),
  };
};

const friendlyNames: Maker = (random) => {
  const name = strangeName(random);
  const [method, url, body] = pick(random, [
    ['GET', `/models/${name}`],
    ['POST', `/models/${name}/promote`, '{"version":1}'],
    ['POST', `/models/${name}/rollback`, '{}'],
    ['GET', `/forecast/${name}?horizon=24`],
    ['GET', `/forecast/ERCO?horizon=${pick(random, ['-1', '1e9', 'NaN', '0', '999999999999', 'x'])}`],
    ['GET', `/forecast/ERCO?issue_time=${pick(random, ['tomorrow', '2026-99-99', `${CANARY}`, '%00'])}`],
    ['GET', `/jobs/${name}`],
    ['GET', `/${name}`],
    ['POST', '/predict', JSON.stringify({ data: [[1, 2]], model_name: decodeSafely(name) })],
    [
      'POST',
      '/predict',
      JSON.stringify({ data: [[1, 2]], model_name: 'line', version: upTo(random, 99) + 2 }),
    ],
    ['POST', '/predict', JSON.stringify({ data: [[1, 2]], model_name: 'line', label: decodeSafely(name) })],
  ] as [string, string, string?][]);
  return {
    family: 'http: names',
    expected: 'refused',
    send: (target) => ask(target, { url: `${target.http}${url}`, method, body }),
  };
};

function decodeSafely(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

const METHODS = ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'PURGE', 'LINK', 'REPORT'];

const strangeRequests: Maker = (random) => {
  const door = pick(random, ['rest', 'http'] as const);
  const url = door === 'rest' ? PREDICT : '/predict';
  const good = door === 'rest' ? GOOD : '{"data":[[1,2]]}';
  const [family, asked, expected = 'refused'] = pick<() => [string, object, Case['expected']?]>(random, [
    () => ['methods', { method: pick(random, METHODS), body: random() < 0.5 ? good : undefined }],
    () => ['types of body', { body: good, headers: { 'content-type': pick(random, ['', 'text/plain', 'application/xml', 'multipart/form-data', 'application/json; charset=utf-16', 'x'.repeat(500), '/']) } }, 'answered'], // prettier-ignore
    () => ['encodings', { body: good, headers: { 'content-encoding': pick(random, ['gzip', 'br', 'deflate', 'zstd', 'gzip, gzip', CANARY]) } }], // prettier-ignore
    () => ['packed bombs', { body: gzipSync(Buffer.alloc(24 * 2 ** 20, '[')), headers: { 'content-encoding': 'gzip' } }], // prettier-ignore
    () => ['many headers', { body: good, headers: Object.fromEntries(Array.from({ length: 100 + upTo(random, 1900) }, (_, i) => [`x-${i}`, 'y'])) }, 'answered'], // prettier-ignore
    () => ['large headers', { body: good, headers: { 'x-large': 'y'.repeat(8000 + upTo(random, 30_000)) } }, 'answered'], // prettier-ignore
    () => ['conditional headers', { body: good, headers: pick(random, [{ 'if-match': '*' }, { range: 'bytes=0-' }, { expect: '100-continue' }, { upgrade: 'h2c', connection: 'upgrade' }, { te: 'trailers' }]) }, 'answered'], // prettier-ignore
    () => ['wrong keys', { body: good, headers: { 'x-api-key': pick(random, ['', 'x', `rw_abcd1234_${'A'.repeat(43)}`, `${CANARY}`, 'x'.repeat(4000)]) } }], // prettier-ignore
    () => ['wrong tokens', { body: good, headers: { 'x-api-key': [], authorization: pick(random, ['Bearer a.b.c', 'Basic YTpi', 'Bearer', `Bearer ${CANARY}`, 'Negotiate x', `Bearer ${'a'.repeat(5000)}`]) } }], // prettier-ignore
    () => ['two keys', { body: good, headers: { authorization: 'Bearer x' } }],
  ])();
  return {
    family: `${door}: ${family}`,
    // An API that is local otherwise refuses other types; TensorFlow Serving's asks for none.
    expected,
    send: (target) => ask(target, { url: `${target[door]}${url}`, ...asked }),
  };
};

const keysInAddresses: Maker = (random) => {
  const door = pick(random, ['rest', 'http'] as const);
  const name = pick(random, ['api_key', 'apikey', 'key', 'token', 'access_token', 'X-API-KEY', 'api%5fkey']);
  const headers: Record<string, string[]> = random() < 0.5 ? { 'x-api-key': [] } : {};
  const path = door === 'rest' ? '/v1/models/line' : '/models';
  return {
    family: `${door}: keys in addresses`,
    expected: 'refused',
    send: (target) =>
      ask(target, { url: `${target[door]}${path}?${name}=${target.apiKey}`, method: 'GET', headers }),
  };
};

/** How often each is tried, beside the others. */
export const HTTP_MAKERS: readonly [share: number, Maker][] = [
  [26, restBodies],
  [16, friendlyBodies],
  [10, restNames],
  [8, friendlyNames],
  [10, strangeRequests],
  [2, keysInAddresses],
];
