import { equal } from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type ClientHttp2Session } from 'node:http2';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Receiving } from '../../../src/serving/doors/receiving.ts';
import { ServerConnection } from '../../../src/serving/grpc/http2/connection.ts';
import { encodeFields } from '../../../src/serving/grpc/http2/hpack/encoder.ts';
import { readMessage } from '../../../src/serving/grpc/message-reader.ts';
import { SMALL_LIMITS } from '../wire/small-service.ts';

/** More than a page, in which memory of a message grows. */
const MOST = 10_000;

describe('what is received over gRPC at once', () => {
  let server: Server;
  let session: ClientHttp2Session;
  let arrived = () => {};

  before(async () => {
    const receiving = new Receiving(MOST);
    const answer = (status: number) => encodeFields({ ':status': status });
    server = createServer((socket) => {
      void new ServerConnection(socket, {
        tooLarge: answer,
        stream(stream) {
          readMessage({ stream, headers: stream.headers }, SMALL_LIMITS, receiving).then(
            (message) => message && stream.refuse(answer(200)),
            () => stream.refuse(answer(429)),
          );
          arrived();
        },
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  after(() => {
    session.destroy();
    server.close();
  });

  const calling = () => session.request({ ':method': 'POST' }).on('error', () => {});
  const statusOf = async (length: number) => {
    const stream = calling();
    const message = Buffer.alloc(5 + length);
    message.writeUInt32BE(length, 1);
    stream.end(message);
    const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
    return headers[':status'];
  };

  it('counts what a packed message unpacks to', async () => {
    const statusOfPacked = async (length: number) => {
      const stream = session.request({ ':method': 'POST', 'grpc-encoding': 'gzip' }).on('error', () => {});
      const packed = gzipSync(Buffer.alloc(length));
      const head = Buffer.from([1, 0, 0, 0, 0]);
      head.writeUInt32BE(packed.length, 1);
      stream.end(Buffer.concat([head, packed]));
      const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
      return headers[':status'];
    };
    equal(await statusOfPacked(MOST), 429);
    for (let i = 0; i < 5; i++) equal(await statusOfPacked(MOST - 1000), 200);
  });

  it('is bounded over all calls, until there is room again', async () => {
    const slow = calling();
    const came = new Promise<void>((resolve) => (arrived = resolve));
    slow.write(Buffer.alloc(MOST - 1000));
    await came;
    equal(await statusOf(2000), 429);
    equal(await statusOf(500), 200);
    slow.close();
    let status = await statusOf(2000);
    // Whoever left is noticed in a turn of the loop.
    while (status === 429) status = await statusOf(2000);
    equal(status, 200);
  });
});
