import { deepEqual, equal, ok } from 'node:assert/strict';
import { connect } from 'node:http2';
import { FLAG, FRAME, frame, windowUpdate } from '../../../../src/serving/grpc/http2/frames.ts';
import type { ServerStream } from '../../../../src/serving/grpc/http2/stream.ts';
import { headers, message, Peer, settings, uint32 } from './peer.ts';
import { answer, http2Server, whenWhole } from './servers.ts';

const MEGABYTE = 2 ** 20;
const pattern = (length: number) =>
  Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255));
const back = (stream: ServerStream) => whenWhole(stream, (body) => answer(stream, body));

describe('flow control', () => {
  it('carries messages larger than all windows, both ways and many at once', async () => {
    await using server = await http2Server(back);
    const session = connect(server.url);
    const echoed = async (body: Buffer) => {
      const request = session.request({ ':method': 'POST', ':path': '/' });
      request.end(body);
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      return Buffer.concat(pieces).equals(body);
    };
    const large = pattern(5 * MEGABYTE);
    const sizes = [0, 1, 16_384, 16_385, 65_535, 65_536, MEGABYTE + 1, large.length];
    const came = await Promise.all(sizes.map((size) => echoed(large.subarray(0, size))));
    deepEqual(
      came,
      sizes.map(() => true),
    );
    session.destroy();
  });

  it('sends no more than the peer takes, however little, and goes on when it takes more', async () => {
    await using server = await http2Server(back);
    const peer = await Peer.connect(server.port, settings(4, 3));
    peer.send(headers(1), message(1, Buffer.from('abc')));
    // The message and its prefix: eight bytes.
    const data = async () => (await peer.nextOf(FRAME.data, 1))!.payload.toString('latin1');
    equal(await data(), '\0\0\0');
    peer.send(windowUpdate(1, 1));
    equal(await data(), '\0');
    // Taken back: it is at minus three, and what opens it must first make up for that.
    peer.send(settings(4, 0), windowUpdate(1, 3));
    await peer.heard();
    peer.send(windowUpdate(1, 2));
    equal(await data(), '\x03a');
    peer.send(settings(4, 100));
    equal(await data(), 'bc');
    equal((await peer.nextOf(FRAME.headers, 1))!.flags & FLAG.endStream, 0);
    equal((await peer.nextOf(FRAME.headers, 1))!.flags & FLAG.endStream, FLAG.endStream);
    peer.close();
  });

  it('lets others by where one stream’s window is shut, and all wait where the connection’s is', async () => {
    await using server = await http2Server((stream) => answer(stream, Buffer.alloc(40_000, stream.id)));
    const peer = await Peer.connect(server.port);
    const sent = async (stream: number, bytes: number) => {
      for (let left = bytes; left > 0;) {
        const { payload } = (await peer.nextOf(FRAME.data, stream))!;
        ok(payload.every((octet) => octet === stream));
        left -= payload.length;
        equal(left >= 0, true);
      }
    };
    peer.send(settings(4, 10), headers(1, {}, FLAG.endStream));
    await sent(1, 10);
    peer.send(settings(4, 65_535), headers(3, {}, FLAG.endStream), headers(5, {}, FLAG.endStream));
    await sent(1, 39_990);
    await sent(3, 25_535);
    peer.send(windowUpdate(0, 14_466));
    await sent(3, 14_465);
    await sent(5, 1);
    peer.send(windowUpdate(0, 39_999));
    await sent(5, 39_999);
    peer.close();
  });

  it('opens its windows for what frames are filled up with', async () => {
    let length = -1;
    await using server = await http2Server((stream) =>
      whenWhole(stream, (body) => {
        length = body.length;
        answer(stream, Buffer.alloc(0));
      }),
    );
    const peer = await Peer.connect(server.port);
    peer.send(headers(1));
    await peer.sendData(1, 6000, 1, 200);
    await peer.nextOf(FRAME.headers, 1);
    equal(length, 6000);
    peer.close();
  });

  it('opens its windows for what nobody reads', async () => {
    // Refused once some of it is here, before anybody reads it.
    await using server = await http2Server((stream) => setImmediate(() => answer(stream, Buffer.alloc(0))));
    const peer = await Peer.connect(server.port);
    for (let id = 1; id < 600; id += 2) {
      peer.send(headers(id));
      await peer.sendData(id, 16_000, 16_000, 0);
      await peer.nextOf(FRAME.headers, id);
    }
    peer.close();
  });

  it('opens its windows for what is against the protocol', async () => {
    await using server = await http2Server(back);
    const peer = await Peer.connect(server.port);
    for (let id = 1; id < 600; id += 2) {
      peer.send(headers(id, { 'content-length': '7' }));
      await peer.sendData(id, 16_000, 16_000, 0);
      await peer.nextOf(FRAME.reset, id);
    }
    peer.close();
  });

  it('ends the stream, or the connection, of a peer that does not hold to it', async () => {
    await using server = await http2Server(() => {});
    const over = async (...frames: Buffer[]) => {
      const peer = await Peer.connect(server.port);
      peer.send(headers(1), ...frames);
      const end = await peer.next(({ type }) => type === FRAME.reset || type === FRAME.goAway);
      peer.close();
      return [end!.type, end!.payload.readUInt32BE(end!.payload.length === 4 ? 0 : 4)];
    };
    const most = 2 ** 31 - 1;
    deepEqual(await over(windowUpdate(1, most)), [FRAME.reset, 3]);
    deepEqual(await over(windowUpdate(0, most)), [FRAME.goAway, 3]);
    deepEqual(await over(windowUpdate(1, 1), settings(4, most)), [FRAME.goAway, 3]);
    deepEqual(await over(settings(4, most + 1)), [FRAME.goAway, 3]);
    deepEqual(await over(windowUpdate(1, 0)), [FRAME.reset, 1]);
    deepEqual(await over(windowUpdate(0, 0)), [FRAME.goAway, 1]);
    const sixteen = Buffer.alloc(16_384);
    const streamful = Array.from({ length: 65 }, () => frame(FRAME.data, 0, 1, sixteen));
    deepEqual(await over(...streamful), [FRAME.reset, 3]);
    const others = Array.from({ length: 257 }, (_, i) => frame(FRAME.data, 0, 3 + 2 * (i % 5), sixteen));
    deepEqual(await over(...[3, 5, 7, 9, 11].map((id) => headers(id)), ...others), [FRAME.goAway, 3]);
    deepEqual(await over(frame(FRAME.windowUpdate, 0, 1, uint32(1), uint32(1))), [FRAME.goAway, 6]);
  });

  it('is done with a connection that goes while answers wait', async () => {
    const streams: ServerStream[] = [];
    await using server = await http2Server((stream) => {
      streams.push(stream);
      answer(stream, Buffer.alloc(MEGABYTE));
    });
    const peer = await Peer.connect(server.port);
    peer.send(headers(1, {}, FLAG.endStream), headers(3, {}, FLAG.endStream));
    await peer.nextOf(FRAME.data);
    const { socket } = server.connections[0]!;
    peer.socket.resetAndDestroy();
    await new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
    deepEqual(
      streams.map(({ closed, unsent }) => [closed, unsent.length]),
      [
        [true, 0],
        [true, 0],
      ],
    );
  });
});
