import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { loadKernels } from '../../src/native/load.ts';

const kernels = loadKernels();

describe('the compiled checksum', function () {
  before(function () {
    if (kernels) return;
    console.log('      No compiled kernels here: their checksum is not tested.');
    this.skip();
  });

  it("is zlib's, of any bytes, in any pieces", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 5000 }),
        fc.nat({ max: 5000 }),
        fc.nat(9),
        (bytes, cut, offset) => {
          const [first, rest] = [bytes.subarray(offset, cut), bytes.subarray(Math.max(offset, cut))];
          const value = kernels!.crc32({ bytes: first, value: 0 });
          assert.equal(value, crc32(first));
          assert.equal(kernels!.crc32({ bytes: rest, value }), crc32(rest, value));
        },
      ),
    );
  });

  it('refuses what it cannot read', () => {
    const call = (bytes: unknown, value: unknown) => () =>
      kernels!.crc32({ bytes: bytes as Uint8Array, value: value as number });
    assert.throws(call(new Float32Array(2), 0), /bytes must be a Uint8Array/);
    assert.throws(call('text', 0), TypeError);
    assert.throws(call(new Uint8Array(new SharedArrayBuffer(8)), 0), /SharedArrayBuffer/);
    for (const value of [-1, 0.5, 2 ** 32, Number.NaN])
      assert.throws(call(new Uint8Array(8), value), RangeError);
    assert.throws(call(new Uint8Array(8), undefined), TypeError);
  });
});
