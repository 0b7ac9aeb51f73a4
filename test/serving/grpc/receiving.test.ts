import { equal } from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type ClientHttp2Session, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Receiving } from '../../../src/serving/doors/receiving.ts';
import { readMessage } from '../../../src/serving/grpc/message-reader.ts';
import { SMALL_LIMITS } from '../wire/small-service.ts';

const MOST = 1000;

describe('what is received over gRPC at once', () => {
  let server: Http2Server;
  let session: ClientHttp2Session;

  before(async () => {
    const receiving = new Receiving(MOST);
    server = createServer();
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      const call = { path: '/', headers, stream, signal: new AbortController().signal };
      readMessage(call, SMALL_LIMITS, receiving).then(
        (message) => message && stream.respond({ ':status': 200 }, { endStream: true }),
        () => stream.respond({ ':status': 429 }, { endStream: true }),
      );
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

  it('is bounded over all calls, until there is room again', async () => {
    const arrived = once(server, 'stream');
    const slow = calling();
    slow.write(Buffer.alloc(MOST - 100));
    await arrived;
    equal(await statusOf(200), 429);
    equal(await statusOf(50), 200);
    slow.close();
    let status = await statusOf(200);
    // Whoever left is noticed in a turn of the loop.
    while (status === 429) status = await statusOf(200);
    equal(status, 200);
  });
});
