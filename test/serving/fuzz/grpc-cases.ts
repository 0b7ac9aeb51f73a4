import { gzipSync } from 'node:zlib';
import { Message } from '../../../src/export/protobuf.ts';
import type { Random } from '../../../src/model/random.ts';
import { CANARY, pick, upTo, type Maker } from './case.ts';
import { callGrpc, framed } from './grpc-call.ts';
import { raw } from './socket.ts';

const PREDICT = '/tensorflow.serving.PredictionService/Predict';
const METHODS = [
  PREDICT,
  '/tensorflow.serving.PredictionService/Classify',
  '/tensorflow.serving.PredictionService/Regress',
  '/tensorflow.serving.PredictionService/GetModelMetadata',
  '/tensorflow.serving.ModelService/GetModelStatus',
  '/grpc.health.v1.Health/Check',
];

interface Fields {
  name?: string;
  version?: number;
  label?: string;
  signature?: string;
  input?: string;
  dtype?: number;
  shape?: readonly number[];
  content?: Uint8Array | undefined;
  floats?: readonly number[] | undefined;
  filter?: string;
}

/** `PredictRequest` (predict.proto, model.proto, tensor.proto). */
export function predictRequest(fields: Fields): Uint8Array {
  const {
    name = 'line',
    version,
    label,
    signature,
    input = 'x',
    dtype = 1,
    shape = [1, 2],
    content,
    filter,
  } = fields;
  const floats = fields.floats ?? (content === undefined ? [1, 2] : undefined);
  const spec = new Message().text(1, name);
  if (version !== undefined) spec.message(2, new Message().integer(1, version));
  if (signature !== undefined) spec.text(3, signature);
  if (label !== undefined) spec.text(4, label);
  const dims = shape.map((size) => new Message().integer(1, size));
  const tensor = new Message().integer(1, dtype).message(2, new Message().messages(2, dims));
  if (content) tensor.bytes(4, content);
  if (floats) tensor.bytes(5, new Uint8Array(Float32Array.from(floats).buffer));
  const request = new Message().message(1, spec).entry(2, input, tensor);
  if (filter !== undefined) request.text(3, filter);
  return request.encode();
}

const NAMES = [
  '',
  'nobody',
  CANARY,
  '../../etc/passwd',
  '__proto__',
  'line\u0000',
  '\ud800',
  'x'.repeat(5000),
];

const wrongFields: Maker = (random) => {
  const [family, fields, expected = 'refused'] = pick<() => [string, Fields, 'answered'?]>(random, [
    () => ['names', { name: pick(random, NAMES) }],
    () => ['versions', { version: pick(random, [0, 7, -1, 2 ** 53, -(2 ** 53)]) }],
    () => ['labels', { label: pick(random, NAMES.slice(1)) }],
    () => ['signatures', { signature: pick(random, NAMES.slice(1)) }],
    () => ['inputs', { input: pick(random, NAMES) }],
    () => ['filters', { filter: pick(random, NAMES) }],
    () => ['types', { dtype: pick(random, [0, 2, 3, 7, 9, 10, 14, 19, 23, 101, 9999, -1]) }],
    () => ['shapes', { shape: pick(random, [[], [2], [1, 1], [1, 3], [-1, 2], [2 ** 40, 2 ** 40], [2 ** 31, 2], Array.from({ length: 300 }, () => 1)]) }], // prettier-ignore
    () => ['no rows', { shape: [0, 2], floats: [] }, 'answered'],
    () => ['bytes', { content: Buffer.alloc(upTo(random, 40)) }, 'answered'],
    () => ['values', { floats: Array.from({ length: upTo(random, 9) }, () => pick(random, [NaN, Infinity, 1])) }, 'answered'], // prettier-ignore
    () => ['rows', { shape: [2000, 2], floats: Array.from({ length: 4000 }, () => 1) }],
  ])();
  const bytes = framed(predictRequest(fields));
  return {
    family: `grpc: ${family}`,
    expected,
    send: (target) => callGrpc(target, { path: PREDICT, bytes, ends: 'well' }),
  };
};

const brokenMessages: Maker = (random) => {
  const good = Buffer.from(predictRequest({}));
  const damaged = Buffer.from(good);
  for (let flips = 1 + upTo(random, 3); flips > 0; flips--)
    damaged[upTo(random, damaged.length - 1)]! ^= 1 << upTo(random, 7);
  const deep = nested(random, 200 + upTo(random, 5000));
  const [family, message] = pick<[string, Uint8Array]>(random, [
    ['flipped bits', damaged],
    ['cut off', good.subarray(0, upTo(random, good.length - 1))],
    ['noise', Buffer.from(Array.from({ length: upTo(random, 300) }, () => upTo(random, 255)))],
    ['deep nesting', deep],
    ['nothing', new Uint8Array(0)],
    ['long lengths', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3])],
    ['endless numbers', Buffer.alloc(64, 0xff)],
    ['groups', Buffer.from([0x0b, 0x0b, 0x0b, 0x0c])],
  ]);
  const path = pick(random, METHODS);
  const bytes = framed(message);
  return {
    family: `grpc: ${family}`,
    expected: 'answered',
    send: (target) => callGrpc(target, { path, bytes, ends: 'well' }),
  };
};

/** Messages in messages, by a field that is one in each of them. */
function nested(random: Random, depth: number): Uint8Array {
  let bytes: Uint8Array = Buffer.from([upTo(random, 255)]);
  for (let i = 0; i < depth; i++) bytes = new Message().bytes(1, bytes).encode();
  return bytes;
}

const brokenFrames: Maker = (random) => {
  const message = Buffer.from(predictRequest({}));
  const [family, bytes, ends = 'well'] = pick<() => [string, Buffer, 'reset'?]>(random, [
    () => ['half a frame', framed(message).subarray(0, 1 + upTo(random, message.length))],
    () => ['half a frame, reset', framed(message).subarray(0, 1 + upTo(random, message.length)), 'reset'],
    () => ['longer than said', framed(message, { length: upTo(random, message.length - 1) })],
    () => ['shorter than said', framed(message, { length: message.length + 1 + upTo(random, 1e6) })],
    () => ['four gigabytes said', framed(message, { length: 2 ** 32 - 1 })],
    () => ['unknown flags', framed(message, { flag: 2 + upTo(random, 253) })],
    () => ['packed without saying how', framed(gzipSync(message), { flag: 1 })],
    () => ['two messages', Buffer.concat([framed(message), framed(message)])],
    () => ['no message', Buffer.alloc(0)],
  ])();
  return {
    family: `grpc: ${family}`,
    expected: 'ended',
    send: (target) => callGrpc(target, { path: PREDICT, bytes, ends }),
  };
};

const strangeCalls: Maker = (random) => {
  const bytes = framed(predictRequest({}));
  const [family, path, headers, expected = 'refused'] = pick<
    () => [string, string, Record<string, string>, 'ended'?]
  >(random, [
    () => ['unknown methods', pick(random, ['/', '/x', '/tensorflow.serving.PredictionService/Delete', '/../../etc/passwd', '//', `/${CANARY}/x`, '/tensorflow.serving.SessionService/SessionRun']), {}], // prettier-ignore
    () => ['types of content', PREDICT, { 'content-type': pick(random, ['application/json', 'application/grpc+json', 'text/plain', '']) }, 'ended'], // prettier-ignore
    () => ['encodings', PREDICT, { 'grpc-encoding': pick(random, ['snappy', 'br', CANARY]) }, 'ended'],
    () => ['time limits', PREDICT, { 'grpc-timeout': pick(random, ['0n', '1n', '-1S', 'x', '99999999999S', '1']) }, 'ended'], // prettier-ignore
    () => ['wrong keys', PREDICT, { 'x-api-key': pick(random, ['', 'x', `rw_abcd1234_${'A'.repeat(43)}`]) }],
    () => ['binary metadata', PREDICT, { 'x-trace-bin': pick(random, ['!!!', 'AAAA', '=']) }, 'ended'],
    () => ['long metadata', PREDICT, { 'x-long': 'y'.repeat(1000 + upTo(random, 40_000)) }, 'ended'],
  ])();
  return {
    family: `grpc: ${family}`,
    expected,
    send: (target) => callGrpc(target, { path, headers, bytes, ends: 'well' }),
  };
};

/** A gRPC body packed to a thousandth of what it is. */
const packedBombs: Maker = () => ({
  family: 'grpc: packed bombs',
  expected: 'refused',
  send(target) {
    const bomb = gzipSync(Buffer.alloc(target.bodyBytes * 3));
    return callGrpc(target, {
      path: PREDICT,
      headers: { 'grpc-encoding': 'gzip' },
      bytes: framed(bomb, { flag: 1 }),
      ends: 'well',
    });
  },
});

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

const frame = (type: number, flags: number, stream: number, payload: Uint8Array | string = '') => {
  const bytes = Buffer.from(payload as string);
  const head = Buffer.alloc(9);
  head.writeUIntBE(bytes.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, bytes]);
};
const many = (count: number, make: (i: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));

/** HTTP/2 that is none (RFC 9113, 6), and floods of frames that are allowed one by one. */
const badHttp2: Maker = (random) => {
  const settings = frame(4, 0, 0);
  // Of `:method: POST`, `:scheme: http` and `:path: /` by HPACK's static table.
  const headers = Buffer.from([0x83, 0x86, 0x84]);
  const attacks: Record<string, () => Uint8Array[]> = {
    'bad settings': () => [
      frame(4, 0, 0, Buffer.alloc(5)),
      frame(4, 0, 3, Buffer.alloc(6)),
      frame(4, 1, 0, 'x'),
    ],
    'data of no stream': () => [settings, frame(0, 0, 0, CANARY), frame(0, 0, 7, CANARY)],
    'bad compression': () => [settings, frame(1, 4, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]))],
    'huge frame': () => [settings, Buffer.from('ffffff000000000001', 'hex'), Buffer.alloc(40_000)],
    'resets at once': () => [settings, many(600, (i) => Buffer.concat([frame(1, 4, 2 * i + 1, headers), frame(3, 0, 2 * i + 1, Buffer.alloc(4))]))], // prettier-ignore
    pings: () => [settings, many(3000, () => frame(6, 0, 0, Buffer.alloc(8)))],
    settings: () => [many(3000, () => settings)],
    'continuations': () => [settings, frame(1, 0, 1, headers), many(500, () => frame(9, 0, 1, Buffer.from([0x00, 1, 97, 1, 98])))], // prettier-ignore
    windows: () => [
      settings,
      frame(8, 0, 0, Buffer.from('7fffffff', 'hex')),
      frame(8, 0, 0, Buffer.from('7fffffff', 'hex')),
    ],
    'no preface': () => [Buffer.from(Array.from({ length: 64 }, () => upTo(random, 255)))],
    'unknown frames': () => [settings, many(200, (i) => frame(20 + (i % 200), 255, 1, 'x'))],
    'HTTP/1': () => [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  };
  const [family, make] = pick(random, Object.entries(attacks));
  const parts = make();
  const whole = family === 'no preface' || family === 'HTTP/1' ? parts : [PREFACE, ...parts];
  return {
    family: `grpc: HTTP/2, ${family}`,
    expected: 'ended',
    // Some of it is answered with nothing and kept open; what counts is that the server lives.
    send: async (target) => {
      await raw(target.grpc, whole, 300);
      return { kind: 'ended' };
    },
  };
};

export const GRPC_MAKERS: readonly [share: number, Maker][] = [
  [10, wrongFields],
  [10, brokenMessages],
  [6, brokenFrames],
  [6, strangeCalls],
  [0.5, packedBombs],
  [4, badHttp2],
];
