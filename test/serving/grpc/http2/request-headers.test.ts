import { deepEqual, equal } from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import fc from 'fast-check';
import type { RequestHeaders } from '../../../../src/serving/grpc/http2/request-headers.ts';
import { answer, http2Server } from './servers.ts';

/** Few names and values, so that tables are used; some that fill one alone. */
const name = fc.stringMatching(/^x-[a-z0-9_.]{1,3}$/);
const visible = fc.integer({ min: 33, max: 255 }).filter((octet) => octet !== 127);
const letter = visible.map((octet) => String.fromCharCode(octet));
const value = fc.oneof(
  fc.constantFrom('', 'a', 'gzip', 'Bearer 0123456789abcdef'),
  fc.string({ unit: letter, maxLength: 40 }),
  fc.integer({ min: 1000, max: 5000 }).map((length) => 'v'.repeat(length)),
);

describe('headers of requests', () => {
  it('arrive as nghttp2 sends them, whatever its table has come to hold', async () => {
    let seen: RequestHeaders = {};
    await using server = await http2Server((stream) => {
      seen = stream.headers;
      answer(stream, Buffer.alloc(0));
    });
    const session = connect(server.url);
    const send = async (fields: Record<string, string>) => {
      const request = session.request({ ':method': 'POST', ':path': '/x', ...fields }, { endStream: true });
      request.resume();
      await once(request, 'close');
      equal(request.rstCode, 0);
      const { ':method': verb, ':scheme': scheme, ':path': path, ':authority': to, ...others } = seen;
      deepEqual([verb, scheme, path, to], ['POST', 'http', '/x', `127.0.0.1:${server.port}`]);
      deepEqual({ ...others }, { ...fields });
    };
    await fc.assert(fc.asyncProperty(fc.dictionary(name, value, { maxKeys: 3 }), send), { numRuns: 80 });
    session.destroy();
  });

  it('are refused where they are too large, and the connection lives', async () => {
    await using server = await http2Server((stream) => answer(stream, Buffer.alloc(0)));
    const session = connect(server.url);
    await once(session, 'remoteSettings');
    const status = async (length: number) => {
      const request = session.request({ ':path': '/', big: 'b'.repeat(length) }, { endStream: true });
      request.resume();
      const [found] = (await once(request, 'response')) as [{ ':status': number }];
      return found[':status'];
    };
    deepEqual(
      [await status(17_000), await status(10), await status(60_000), await status(10)],
      [431, 200, 431, 200],
    );
    session.destroy();
  });
});
