import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GrowingBytes } from '../../../../src/serving/grpc/http2/growing-bytes.ts';
import { giveBack, lend } from '../../../../src/serving/lent-memory.ts';

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
    giveBack(whole.subarray(5));
    assert.equal(whole.length, 0);
    const read = Buffer.alloc(2000);
    const kept = new GrowingBytes();
    kept.add(read.subarray(0, 1000), true);
    giveBack(kept.taken());
    assert.equal(read.length, 2000);
  });

  it('outlive what was received, of which the last reader gives the memory back', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.boolean(), (size, isAll) => {
        const received = Buffer.alloc(size, 7);
        const expected = Buffer.from(received.subarray(size >> 2));
        lend(received);
        const bytes = new GrowingBytes();
        bytes.add(received.subarray(size >> 2), isAll);
        giveBack(received);
        const isLent = size >= 1024;
        assert.equal(received.length, isLent && !isAll ? 0 : size);
        const all = bytes.taken();
        assert.deepEqual(all, expected);
        giveBack(all);
        assert.equal(received.length, isLent ? 0 : size);
      }),
    ));
});
