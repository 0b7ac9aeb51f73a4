import { deepEqual } from 'node:assert/strict';
import { connect } from 'node:net';
import fc from 'fast-check';
import { frame } from '../../../../src/serving/grpc/http2/frames.ts';
import { call, headers, PREFACE, settings } from './peer.ts';
import { echo, type Grpc, grpc } from './servers.ts';

const RUNS = 40;

/** Frames of all types, right and wrong, of few streams, so that they meet. */
const stream = fc.integer({ min: 0, max: 9 });
const anyFrame = fc.oneof(
  fc
    .tuple(
      fc.integer({ min: 0, max: 10 }),
      fc.constantFrom(0, 1, 4, 5, 8, 9, 0x20, 0x24, 0x2d),
      stream,
      fc.oneof(
        fc.uint8Array({ maxLength: 20 }),
        fc.constantFrom(0, 1, 8, 2 ** 31 - 1).map((value) => {
          const bytes = Buffer.alloc(4);
          bytes.writeUInt32BE(value);
          return bytes;
        }),
      ),
    )
    .map(([type, ...rest]) => frame(type, ...rest)),
  stream.map((id) => headers(id, { ':path': '/echo' })),
  stream.map((id) => call(id, '/echo', { 'grpc-timeout': '1m' })),
  fc
    .tuple(fc.constantFrom(1, 3, 4, 5), fc.constantFrom(0, 1, 20_000, 2 ** 31))
    .map((pair) => settings(...pair)),
);

describe('any frames', () => {
  let server: Grpc;
  const thrown: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  const note = (error: unknown) => void thrown.push(error);
  before(async () => {
    // An error in what hears a socket would end the process, and with it every call.
    process.removeAllListeners('uncaughtException').on('uncaughtException', note);
    server = await grpc({ '/echo': echo }, { limits: { bodyBytes: 1000, depth: 1, rows: 1, requestMs: 50 } });
  });
  after(async () => {
    await server.close();
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  });

  it('end a connection at most', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyFrame, { maxLength: 20 }), fc.boolean(), async (frames, isReset) => {
        const socket = connect(server.port, '127.0.0.1').on('error', () => {});
        socket.resume().write(Buffer.concat([PREFACE, frame(4, 0, 0), ...frames]));
        if (isReset) setImmediate(() => socket.resetAndDestroy());
        else socket.end();
        if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
        deepEqual(thrown, []);
      }),
      { numRuns: RUNS },
    );
  });
});
