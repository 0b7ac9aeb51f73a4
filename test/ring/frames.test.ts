import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { RingBrokenError } from '../../src/errors.ts';
import {
  encodeHeader,
  FRAME_HEADER_BYTES,
  FrameDecoder,
  MAX_PAYLOAD_BYTES,
  type Frame,
} from '../../src/ring/frames.ts';

const bytesOf = (frame: Frame) => Buffer.concat([encodeHeader(frame, [frame.payload]), frame.payload]);
const example: Frame = { type: 'gather', epoch: 3, tag: 9, payload: Buffer.from('seventeen bytes!!') };

const anyFrame: fc.Arbitrary<Frame> = fc.record({
  type: fc.constantFrom('alive', 'keyValues', 'gradient', 'reduce', 'gather'),
  epoch: fc.nat(),
  tag: fc.nat(),
  payload: fc.uint8Array({ maxLength: 300 }),
});

describe('frames', () => {
  it('come out as they went in, however the stream cuts them', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 90 })),
        (frames, cuts) => {
          const stream = Buffer.concat(frames.map(bytesOf));
          const decoder = new FrameDecoder();
          const out: Frame[] = [];
          let at = 0;
          for (const cut of [...cuts, stream.length]) {
            out.push(...decoder.push(stream.subarray(at, at + cut)));
            at += cut;
          }
          assert.deepEqual(
            out.map((frame) => ({ ...frame, payload: [...frame.payload] })),
            frames.map((frame) => ({ ...frame, payload: [...frame.payload] })),
          );
        },
      ),
    );
  });

  it('with any one bit turned are refused or still wait for more', () => {
    const whole = bytesOf(example);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      let accepted: Frame[] = [];
      try {
        accepted = [...new FrameDecoder().push(damaged)];
      } catch (error) {
        assert.ok(error instanceof RingBrokenError);
      }
      assert.deepEqual(accepted, [], `bit ${bit}`);
    }
  });

  it('that claim more than their sender may send are refused before anything is allocated', () => {
    const header = encodeHeader(example, [example.payload]);
    header.writeUInt32LE(0xffff_ffff, 12);
    assert.throws(() => [...new FrameDecoder(MAX_PAYLOAD_BYTES).push(header)], /claims 4294967295 bytes/);
    header.writeUInt32LE(5000, 12);
    assert.throws(() => [...new FrameDecoder().push(header)], /claims 5000 bytes/);
  });

  it('have payloads that floats can be read from in place', () => {
    const payload = new Uint8Array(Float32Array.from([1.5, -2]).buffer);
    const [frame] = [...new FrameDecoder().push(bytesOf({ ...example, payload }))];
    assert.deepEqual([...new Float32Array(frame!.payload.buffer)], [1.5, -2]);
    assert.equal(bytesOf({ ...example, payload }).length, FRAME_HEADER_BYTES + 8);
  });
});
