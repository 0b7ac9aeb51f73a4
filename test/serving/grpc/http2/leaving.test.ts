import { deepEqual, equal } from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { FLAG, FRAME, frame } from '../../../../src/serving/grpc/http2/frames.ts';
import type { ServerStream } from '../../../../src/serving/grpc/http2/stream.ts';
import { headers, Peer } from './peer.ts';
import { answer, echo, grpc, http2Server } from './servers.ts';

const same = (bytes: Buffer) => bytes;

describe('a server that leaves', () => {
  it('answers calls under way, and those that were sent before the peer heard of it', async () => {
    const streams: ServerStream[] = [];
    await using server = await http2Server((stream) => streams.push(stream));
    const peer = await Peer.connect(server.port);
    peer.send(headers(1, {}, FLAG.endStream));
    await peer.heard();
    const [connection] = server.connections;
    connection!.leave();
    const first = await peer.nextOf(FRAME.goAway);
    equal(first!.payload.readUInt32BE(0), 2 ** 31 - 1);
    const ping = await peer.nextOf(FRAME.ping);
    peer.send(headers(3, {}, FLAG.endStream), frame(FRAME.ping, FLAG.ack, 0, ping!.payload));
    const last = await peer.nextOf(FRAME.goAway);
    deepEqual([last!.payload.readUInt32BE(0), last!.payload.readUInt32BE(4)], [3, 0]);
    // Too late: it was told, and asks another server.
    peer.send(headers(5, {}, FLAG.endStream));
    await peer.heard();
    deepEqual(
      streams.map(({ id }) => id),
      [1, 3],
    );
    const closed = once(peer.socket, 'close');
    for (const stream of streams) answer(stream, Buffer.from('!'));
    deepEqual(
      [await peer.nextOf(FRAME.data, 1), await peer.nextOf(FRAME.data, 3)].map((data) =>
        String(data!.payload),
      ),
      ['!', '!'],
    );
    await closed;
  });

  it('hears that it was heard, though it asks whether the peer is there at the same time', async () => {
    await using server = await http2Server(() => {});
    const peer = await Peer.connect(server.port);
    const [connection] = server.connections;
    connection!.leave();
    let answered = false;
    connection!.ping(() => (answered = true));
    const closed = once(peer.socket, 'close');
    for (let i = 0; i < 2; i++) {
      const ping = await peer.nextOf(FRAME.ping);
      peer.send(frame(FRAME.ping, FLAG.ack, 0, ping!.payload));
    }
    await closed;
    equal(answered, true);
  });

  it('does not wait for a peer that has said nothing', async () => {
    const server = await grpc({});
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'data');
    socket.resume();
    await server.close();
  });

  it('costs no caller a call', async () => {
    const methods = { '/echo': echo };
    let server = await grpc(methods);
    const { port } = server;
    const clients = Array.from(
      { length: 4 },
      () =>
        new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
          'grpc.use_local_subchannel_pool': 1,
        }),
    );
    const over = new AbortController();
    const outcomes: (string | undefined)[] = [];
    const callers = clients.flatMap((client) =>
      Array.from({ length: 4 }, async () => {
        while (!over.signal.aborted) {
          const { promise, resolve } = Promise.withResolvers<ServiceError | null>();
          client.makeUnaryRequest('/echo', same, same, Buffer.alloc(2000), resolve).on('error', () => {});
          outcomes.push((await promise)?.message);
        }
      }),
    );
    for (let restarts = 0; restarts < 2; restarts++) {
      const before = outcomes.length;
      while (outcomes.length < before + 50) await new Promise(setImmediate);
      const closed = server.close();
      server = await grpc(methods, {}, { port });
      await closed;
    }
    over.abort();
    await Promise.all(callers);
    for (const client of clients) client.close();
    await server.close();
    deepEqual([...new Set(outcomes)], [undefined]);
  });
});
