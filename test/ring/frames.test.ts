import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { RingBrokenError } from '../../src/errors.ts';
import {
  encodeHeader,
  FRAME_HEADER_BYTES,
  FrameDecoder,
  MAX_PAYLOAD_BYTES,
  MAX_STRANGER_BYTES,
  type Frame,
} from '../../src/ring/frames.ts';

const EPOCH = 3;
const bytesOf = (frame: Frame) => Buffer.concat([encodeHeader(frame, [frame.payload]), frame.payload]);
const decoderOf = (maxPayload = MAX_STRANGER_BYTES) => new FrameDecoder({ maxPayload, epoch: EPOCH });
const payloadOf = (text: string) => new Uint8Array(Buffer.from(text));
const example: Frame = {
  type: 'gather',
  epoch: EPOCH,
  sequence: 0,
  tag: 9,
  payload: payloadOf('seventeen bytes!!'),
};

function decode(decoder: FrameDecoder, chunk: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < chunk.length;) {
    const { used, frame } = decoder.take(chunk.subarray(at));
    if (frame) frames.push(frame);
    at += used;
  }
  return frames;
}

/** A header whose checksum is right, whatever it says. */
function forged(change: (header: Buffer) => void): Buffer {
  const header = encodeHeader(example, [example.payload]);
  change(header);
  header.writeUInt32LE(crc32(header.subarray(0, 24)), 24);
  return Buffer.concat([header, example.payload]);
}

const anyFrames = fc
  .array(
    fc.record({
      type: fc.constantFrom('alive' as const, 'keyValues' as const, 'gradient' as const, 'gather' as const),
      tag: fc.nat(),
      payload: fc.uint8Array({ maxLength: 300 }),
    }),
    { maxLength: 6 },
  )
  .map((frames) =>
    frames.map((frame, sequence): Frame => ({
      ...frame,
      payload: new Uint8Array(frame.payload),
      epoch: EPOCH,
      sequence,
    })),
  );

describe('frames', () => {
  it('come out as they went in, however the stream cuts them', () => {
    fc.assert(
      fc.property(anyFrames, fc.array(fc.integer({ min: 1, max: 90 })), (frames, cuts) => {
        const stream = Buffer.concat(frames.map(bytesOf));
        const decoder = decoderOf();
        const out: Frame[] = [];
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          out.push(...decode(decoder, stream.subarray(at, at + cut)));
          at += cut;
        }
        assert.deepEqual(out, frames);
        assert.equal(decoder.owed, false);
      }),
    );
  });

  it('with bits turned at any place are refused, and never let anything through that follows', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat({ max: 300 }), (where, mask, length) => {
        const payload = new Uint8Array(length).fill(where);
        const whole = Buffer.concat([
          bytesOf({ ...example, payload }),
          bytesOf({ ...example, sequence: 1, payload }),
        ]);
        const at = where % (FRAME_HEADER_BYTES + length);
        whole[at]! ^= mask;
        assert.throws(() => decode(decoderOf(), whole), RingBrokenError);
      }),
      { numRuns: 1000 },
    );
  });

  it('with any one bit turned are refused', () => {
    const whole = bytesOf(example);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      assert.throws(() => decode(decoderOf(), damaged), RingBrokenError, `bit ${bit}`);
    }
  });

  it('that are cut short are taken for nothing, and what follows them is refused', () => {
    const whole = bytesOf(example);
    for (let length = 0; length < whole.length; length++) {
      const decoder = decoderOf();
      assert.deepEqual(decode(decoder, whole.subarray(0, length)), []);
      if (length === 0) continue;
      assert.throws(() => decode(decoder, bytesOf({ ...example, sequence: 1 })), RingBrokenError);
    }
  });

  it('that claim more than their sender may send are refused before anything is allocated', () => {
    const allocated: number[] = [];
    const allocate = (bytes: number) => {
      allocated.push(bytes);
      return new ArrayBuffer(bytes);
    };
    const claim = (length: number) => forged((header) => header.writeUInt32LE(length, 16));
    for (const [limit, claimed] of [
      [MAX_PAYLOAD_BYTES, 0xffff_ffff],
      [MAX_STRANGER_BYTES, 5000],
    ] as const) {
      const decoder = new FrameDecoder({ maxPayload: limit, epoch: EPOCH, allocate });
      assert.throws(() => decode(decoder, claim(claimed)), new RegExp(`claims ${claimed} bytes`));
    }
    assert.deepEqual(allocated, []);
  });

  it('of another epoch, of no known type or of another version are refused, however right their checksums', () => {
    const refused: [Buffer, RegExp][] = [
      [forged((header) => header.writeUInt32LE(EPOCH - 1, 4)), /it is of epoch 2, the ring of epoch 3/],
      [forged((header) => header.writeUInt8(99, 3)), /its type 99 is unknown/],
      [forged((header) => header.writeUInt8(1, 2)), /its format version is 1/],
    ];
    for (const [bytes, why] of refused) assert.throws(() => decode(decoderOf(), bytes), why);
  });

  it('that are lost, doubled or out of order are missed', () => {
    const [first, second, third] = [0, 1, 2].map((sequence) => bytesOf({ ...example, sequence })) as [
      Buffer,
      Buffer,
      Buffer,
    ];
    for (const stream of [
      [first, third],
      [first, first],
      [second, first],
    ]) {
      assert.throws(() => decode(decoderOf(), Buffer.concat(stream)), /number \d where \d was due/);
    }
    assert.equal(decode(decoderOf(), Buffer.concat([first, second, third])).length, 3);
  });

  it('have payloads that floats can be read from in place', () => {
    const payload = new Uint8Array(Float32Array.from([1.5, -2]).buffer);
    const [frame] = decode(decoderOf(), bytesOf({ ...example, payload }));
    assert.deepEqual([...new Float32Array(frame!.payload.buffer)], [1.5, -2]);
    assert.equal(bytesOf({ ...example, payload }).length, FRAME_HEADER_BYTES + 8);
  });
});
