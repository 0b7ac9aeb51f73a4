import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type CallOptions, Client, credentials, type ServiceError } from '@grpc/grpc-js';
import type { GrpcMethod } from '../../../../src/serving/grpc/call.ts';
import { FRAME, windowUpdate } from '../../../../src/serving/grpc/http2/frames.ts';
import { invalidArgument } from '../../../../src/serving/problem.ts';
import { call, Peer, settings } from './peer.ts';
import { echo, type Grpc, grpc } from './servers.ts';

const MEGABYTE = 2 ** 20;
const same = (bytes: Buffer) => bytes;

describe('calls of gRPC’s client', () => {
  let server: Grpc;
  let client: Client;
  let closing: AbortController;
  const begun: AbortSignal[] = [];
  let hasBegun = () => {};
  const admit = async () => {};
  const methods: Record<string, GrpcMethod> = {
    '/echo': echo,
    '/never': {
      admit,
      unary(_, { signal }) {
        begun.push(signal);
        hasBegun();
        return new Promise(() => {});
      },
    },
    '/refuse': {
      admit: async () => {
        throw invalidArgument('ÄÖ%\n'.repeat(20_000));
      },
    },
    '/watch': {
      admit,
      stream:
        (_, { signal }) =>
        (write) => {
          begun.push(signal);
          write(Buffer.from('first'));
          hasBegun();
        },
    },
  };

  beforeEach(async () => {
    begun.length = 0;
    closing = new AbortController();
    server = await grpc(methods, { closing: closing.signal });
    client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
    });
  });
  afterEach(async () => {
    client.close();
    await server.close();
  });

  const ask = (path: string, body: Buffer, options: CallOptions = {}) =>
    new Promise<Buffer>((resolve, reject) => {
      client.makeUnaryRequest(path, same, same, body, options, (error, bytes) =>
        error ? reject(error) : resolve(bytes!),
      );
    });
  const refused = (path: string, options: CallOptions = {}, body = Buffer.alloc(0)) =>
    ask(path, body, options).then(
      () => undefined,
      (error: ServiceError) => error,
    );
  const aborted = async (signal: AbortSignal) => signal.aborted || (await once(signal, 'abort'));

  it('carry several megabytes there and back, two hundred at once', async () => {
    const bodies = Array.from({ length: 200 }, (_, i) => Buffer.alloc(i < 2 ? 2 * MEGABYTE : 10 * i, i));
    const answers = await Promise.all(bodies.map((body) => ask('/echo', body)));
    ok(answers.every((bytes, i) => bytes.equals(bodies[i]!)));
  });

  it('are told of errors at length, but not without end', async () => {
    const error = await refused('/refuse', {}, Buffer.alloc(3 * MEGABYTE));
    equal(error!.code, 3);
    match(error!.details, /^ÄÖ%\n/);
  });

  it('hear when there is no such method, or the message is too large, and others go on', async () => {
    equal((await refused('/none', {}, Buffer.alloc(MEGABYTE)))!.code, 12);
    equal((await refused('/echo', {}, Buffer.alloc(9 * MEGABYTE)))!.code, 8);
    equal((await ask('/echo', Buffer.from('on'))).toString(), 'on');
  });

  it('end at their deadlines, and what works for them hears of it', async () => {
    equal((await refused('/never', { deadline: Date.now() + 100 }))!.code, 4);
    await aborted(begun[0]!);
  });

  it('end when they are cancelled', async () => {
    const started = new Promise<void>((resolve) => (hasBegun = resolve));
    const asked = client.makeUnaryRequest('/never', same, same, Buffer.alloc(0), () => {});
    await started;
    asked.cancel();
    await aborted(begun[0]!);
  });

  it('stream until they are cancelled, or the server closes', async () => {
    const watched = () =>
      client.makeServerStreamRequest('/watch', same, same, Buffer.alloc(0)).on('error', () => {});
    const ended = (stream: ReturnType<typeof watched>) =>
      new Promise((resolve) => stream.once('status', ({ code }) => resolve(code)));
    const first = watched();
    deepEqual(await once(first, 'data'), [Buffer.from('first')]);
    first.cancel();
    await aborted(begun[0]!);
    const second = watched();
    await once(second, 'data');
    const status = ended(second);
    closing.abort();
    equal(await status, 14);
    await aborted(begun[1]!);
    equal(await ended(watched()), 14);
    equal(begun.length, 2);
  });

  it('end at their deadlines though the caller does not end them', async () => {
    const peer = await Peer.connect(server.port);
    peer.send(call(1, '/watch', { 'grpc-timeout': '50m' }));
    const headers = [await peer.nextOf(FRAME.headers, 1), await peer.nextOf(FRAME.headers, 1)];
    match(String(headers[1]!.payload), /grpc-status.{1,2}4/s);
    await aborted(begun[0]!);
    const shut = await Peer.connect(server.port, settings(4, 0));
    shut.send(call(1, '/echo', { 'grpc-timeout': '50m' }));
    equal((await shut.nextOf(FRAME.reset, 1))!.payload.readUInt32BE(0), 8);
    shut.send(windowUpdate(1, 100));
    await shut.heard();
    for (const each of [peer, shut]) each.close();
  });

  it('leave nothing behind, hundreds of them on one connection', async () => {
    const connected = once(server.server, 'connection') as Promise<[Socket]>;
    const counted = await Peer.connect(server.port);
    const [socket] = await connected;
    const counts = () => socket.eventNames().map((name) => [name, socket.listenerCount(name)]);
    const before = counts();
    for (let id = 1; id < 1000; id += 200) {
      counted.send(...Array.from({ length: 100 }, (_, i) => call(id + 2 * i, '/echo')));
      for (let i = 0; i < 100; i++) await counted.nextOf(FRAME.data);
    }
    deepEqual(counts(), before);
    counted.close();
  });
});
