import { deepEqual, equal, throws } from 'node:assert/strict';
import fc from 'fast-check';
import { ConnectionError, frame } from '../../../../src/serving/grpc/http2/frames.ts';
import { FrameReader } from '../../../../src/serving/grpc/http2/frame-reader.ts';
import { PREFACE } from './peer.ts';

const anyFrame = fc.tuple(
  fc.integer({ min: 0, max: 255 }),
  fc.integer({ min: 0, max: 255 }),
  fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  fc.uint8Array({ maxLength: 300 }),
);

describe('frames', () => {
  it('are the same however what comes is cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
        (frames, cuts) => {
          const bytes = Buffer.concat([PREFACE, ...frames.map(([type, ...rest]) => frame(type, ...rest))]);
          const reader = new FrameReader();
          const read: typeof frames = [];
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const end = at + cuts[i % cuts.length]!;
            reader.read(bytes.subarray(at, end), (type, flags, stream, payload) =>
              read.push([type, flags, stream, Uint8Array.from(payload)]),
            );
            at = end;
          }
          deepEqual(read, frames);
          equal(reader.partSince, undefined);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are told of while they are not whole, from their first byte on', () => {
    const reader = new FrameReader();
    reader.read(PREFACE, () => {});
    equal(reader.partSince, undefined);
    const bytes = frame(0, 0, 1, Buffer.alloc(10));
    reader.read(bytes.subarray(0, 3), () => {});
    const since = reader.partSince;
    reader.read(bytes.subarray(3, 12), () => {});
    equal(reader.partSince, since);
    reader.read(bytes.subarray(12), () => {});
    equal(reader.partSince, undefined);
  });

  it('are not waited for where there are none, or too large', () => {
    const refused = (...chunks: Buffer[]) => {
      const reader = new FrameReader();
      throws(() => {
        for (const chunk of chunks) reader.read(chunk, () => {});
      }, ConnectionError);
    };
    refused(Buffer.from('GET / HTTP/1.1\r\n'));
    refused(Buffer.from('PRI'), Buffer.from(' * HTTP/1'));
    refused(PREFACE, Buffer.of(0, 0x40, 1, 0, 0, 0, 0, 0, 1));
  });
});
