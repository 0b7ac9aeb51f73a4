import assert from 'node:assert/strict';
import fc from 'fast-check';
import { giveBack, GrowingBytes, letGo } from '../../../../src/serving/grpc/http2/growing-bytes.ts';

const piecesOf = (sizes: readonly number[]) => sizes.map((size, i) => Buffer.alloc(size, i + 1));

describe('bytes that grow', () => {
  it('are all pieces one after another, whatever was announced', () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 20 }),
        fc.option(fc.integer({ min: 0, max: 400_000 }), { nil: undefined }),
        (sizes, announced) => {
          const pieces = piecesOf(sizes);
          const bytes = new GrowingBytes();
          for (const [i, piece] of pieces.entries()) bytes.add(piece, i === pieces.length - 1, announced);
          assert.deepEqual(bytes.taken(), Buffer.concat(pieces));
        },
      ),
      { numRuns: 100 },
    ));

  it('take what is announced at once, and of much that is announced a part', () => {
    const bytes = new GrowingBytes();
    bytes.add(Buffer.alloc(10_000), false, 100_000);
    assert.equal(bytes.capacity, 100_000);
    const many = new GrowingBytes();
    many.add(Buffer.alloc(10_000), false, 2 ** 31);
    assert.equal(many.capacity, 160_000);
  });

  it('give their memory back, and never that of others', () => {
    const bytes = new GrowingBytes();
    bytes.add(Buffer.alloc(60_000), false);
    bytes.add(Buffer.alloc(60_000), false);
    const whole = bytes.taken();
    letGo(whole.subarray(5));
    assert.equal(whole.length, 0);
    const read = Buffer.alloc(2000);
    const kept = new GrowingBytes();
    kept.add(read.subarray(0, 1000), true);
    letGo(kept.taken());
    assert.equal(read.length, 2000);
  });

  it('outlive what was received, which gives its memory back', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.boolean(), (size, isAll) => {
        const received = Buffer.alloc(size, 7);
        const bytes = new GrowingBytes();
        bytes.add(received.subarray(size >> 2), isAll);
        giveBack(received);
        assert.equal(received.length === 0, size >= 2 ** 15);
        assert.deepEqual(bytes.taken(), Buffer.alloc(size - (size >> 2), 7));
      }),
    ));
});
