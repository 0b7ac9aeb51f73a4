import { deepEqual, equal, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { Receiving } from '../../../../src/serving/doors/receiving.ts';
import { FLAG, FRAME, frame, windowUpdate } from '../../../../src/serving/grpc/http2/frames.ts';
import type { GrpcMethod } from '../../../../src/serving/grpc/call.ts';
import { call, headers, Peer, settings } from './peer.ts';
import { answer, grpc, http2Server } from './servers.ts';

const MEGABYTE = 2 ** 20;
const OPEN = [settings(4, 2 ** 31 - 1), windowUpdate(0, 2 ** 31 - 1 - 65_535)];

describe('a peer that does not read', () => {
  it('has no more written to it than a little', async () => {
    const calls = 20;
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    await using server = await http2Server((stream) => {
      answer(stream, Buffer.alloc(MEGABYTE, stream.id));
      if (stream.id === 2 * calls - 1) resolve();
    });
    const peer = await Peer.connect(server.port);
    peer.socket.pause();
    peer.send(...OPEN, ...Array.from({ length: calls }, (_, i) => headers(2 * i + 1, {}, FLAG.endStream)));
    const { socket } = server.connections[0]!;
    await asked;
    await new Promise(setImmediate);
    ok(socket.writableLength < 3 * MEGABYTE, `${socket.writableLength} bytes wait`);
    peer.socket.resume();
    let bytes = 0;
    for (let ended = 0; ended < calls;) {
      const { type, flags, payload } = (await peer.next(
        ({ type }) => type === FRAME.data || type === FRAME.headers,
      ))!;
      if (type === FRAME.data) bytes += payload.length;
      else if (flags & FLAG.endStream) ended += 1;
    }
    equal(bytes, calls * MEGABYTE);
    peer.close();
  });

  it('is not heard any more when what it asks for piles up, until it reads', async () => {
    await using server = await http2Server(() => {});
    const peer = await Peer.connect(server.port);
    peer.socket.pause();
    const { socket } = server.connections[0]!;
    const pings = Buffer.concat(
      Array.from({ length: 50_000 }, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))),
    );
    while (!socket.isPaused()) {
      peer.send(pings);
      await new Promise(setImmediate);
    }
    ok(socket.writableLength < 3 * MEGABYTE);
    peer.socket.removeAllListeners('data').resume();
    await once(socket, 'drain');
    equal(socket.isPaused(), false);
    peer.close();
  });

  it('has its answers counted with all that is held, and is refused beyond it', async () => {
    const large: GrpcMethod = {
      admit: async () => {},
      unary: async () => ({ requestId: 'large', answer: Buffer.alloc(MEGABYTE) }),
    };
    const receiving = new Receiving(3 * MEGABYTE);
    await using server = await grpc({ '/large': large }, { receiving });
    const peer = await Peer.connect(server.port, settings(4, 0));
    const resets = async (ids: number[]) => {
      peer.send(...ids.map((id) => call(id, '/large')));
      for (const id of ids) await peer.next(({ type, stream }) => type === FRAME.headers && stream === id);
      await peer.heard();
      return receiving.hold(0);
    };
    await resets([1, 3]);
    peer.send(call(5, '/large'), call(7, '/large'));
    const { stream, payload } = (await peer.nextOf(FRAME.reset))!;
    deepEqual([stream >= 5, payload.readUInt32BE(0)], [true, 11]);
    peer.send(frame(FRAME.reset, 0, 1, Buffer.alloc(4)), frame(FRAME.reset, 0, 3, Buffer.alloc(4)));
    await resets([9]);
    peer.close();
  });

  it('has its answers given up, where it takes nothing of them for long', async () => {
    await using server = await http2Server((stream) => answer(stream, Buffer.alloc(100)));
    const peer = await Peer.connect(server.port, settings(4, 10));
    peer.send(headers(1, {}, FLAG.endStream), headers(3, {}, FLAG.endStream));
    await peer.nextOf(FRAME.data, 1);
    await peer.nextOf(FRAME.data, 3);
    const [connection] = server.connections;
    connection!.resetStalled();
    peer.send(windowUpdate(3, 10));
    await peer.nextOf(FRAME.data, 3);
    connection!.resetStalled();
    deepEqual((await peer.nextOf(FRAME.reset))!.stream, 1);
    connection!.resetStalled();
    deepEqual((await peer.nextOf(FRAME.reset))!.stream, 3);
    peer.close();
  });
});
