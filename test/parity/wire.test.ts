import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { startBackend } from '../../src/backend/backend.ts';
import { fromBfloat16, toBfloat16 } from '../../src/ring/wire.ts';
import { WireError } from '../../src/ring/wire-error.ts';
import { operandsOf, type Case } from './cases.ts';
import { BOUND, faults, referenceOf } from './compare.ts';
import { ENGINES } from './engines.ts';
import { NAMES, onRing } from './on-ring.ts';

/** Half a unit in the last of the 8 bits that bfloat16 keeps, of a number that begins with 1. */
const HALF_UNIT = 2 ** -8;

function rounded(values: Float32Array): Float32Array {
  const halves = new Uint16Array(values.length);
  toBfloat16(values, halves);
  const back = new Float32Array(values.length);
  fromBfloat16(halves, back);
  return back;
}

describe('bfloat16 on the wire', () => {
  before(startBackend);

  it('is the nearest of its numbers, the even one of two', () => {
    fc.assert(
      fc.property(
        fc.float({ noDefaultInfinity: true, noNaN: true, min: -(2 ** 126), max: 2 ** 126 }),
        (value) => {
          const [own] = rounded(Float32Array.of(value));
          const word = new Uint32Array(Float32Array.of(value).buffer)[0]!;
          const below = new Float32Array(Uint32Array.of(word & 0xffff_0000).buffer)[0]!;
          const above = new Float32Array(Uint32Array.of((word & 0xffff_0000) + 0x1_0000).buffer)[0]!;
          const nearest = Math.min(Math.abs(value - below), Math.abs(above - value));
          assert.equal(Math.abs(value - own!), nearest);
          assert.deepEqual(rounded(Float32Array.of(own!)), Float32Array.of(own!));
        },
      ),
      { numRuns: 500 },
    );
    // 1 + 2⁻⁸ lies between 1 and 1 + 2⁻⁷, whose last bits are 0 and 1; 1 + 3·2⁻⁸ between 1 + 2⁻⁷ and 1 + 2⁻⁶.
    const ties = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, -0, Infinity, -Infinity, NaN);
    assert.deepEqual(rounded(ties), Float32Array.of(1, 1 + 2 ** -6, -0, Infinity, -Infinity, NaN));
  });

  const shape: Case = {
    heads: 4,
    kvHeads: 2,
    headDim: 32,
    tokens: 136, // no padding: its garbage would dominate what is measured
    causal: true,
    worldSize: 4,
    layout: 'zigzag',
    scores: 8,
  };
  const operands = operandsOf(shape);
  const reference = referenceOf('8', operands, shape);

  for (const { name, engine } of ENGINES) {
    it(`costs by ${name} what its rounding costs, the same every time, and no more`, async () => {
      const travel = { wire: 'bfloat16' } as const;
      const [first, second] = [
        await onRing(engine, operands, shape, { travel }),
        await onRing(engine, operands, shape, { travel }),
      ];
      for (const tensor of NAMES) assert.deepEqual(first[tensor], second[tensor]);
      // Scores of up to 8 could move by 8 · 2⁻⁸ and probabilities with them; over many numbers most of it evens out.
      assert.deepEqual(faults(first, reference, 2 * HALF_UNIT), []);
      assert.equal(faults(first, reference, 10 * BOUND).length, NAMES.length, 'and it is not float32');
    });
  }

  it('is measured by what was sent', async () => {
    const error = new WireError();
    await onRing(ENGINES[0]!.engine, operands, shape, { travel: { wire: 'bfloat16', error } });
    const measured = error.relative();
    assert.deepEqual(Object.keys(measured).toSorted(), ['dk', 'dv', 'k', 'v']);
    for (const [tensor, { max, rms }] of Object.entries(measured)) {
      assert.ok(max > HALF_UNIT / 4 && max <= HALF_UNIT, `${tensor}: ${max}`);
      // Errors are spread evenly up to half a unit, which is 2⁻⁹ to 2⁻⁸ of the number.
      assert.ok(rms > 0.3 * HALF_UNIT && rms < HALF_UNIT, `${tensor}: ${rms}`);
    }
    assert.match(`${error}`, /^bfloat16 on the wire, .*k \d\.\de-3 \(rms \d\.\de-3\)/);
  });

  it('sends half of the bytes', async () => {
    const sent = async (wire: 'float32' | 'bfloat16') => {
      let bytes = 0;
      await onRing(ENGINES[0]!.engine, operands, shape, {
        travel: { wire },
        tamper(ring) {
          const close = ring.close.bind(ring);
          ring.close = () => {
            bytes += ring.timing().bytesSent;
            return close();
          };
        },
      });
      return bytes;
    };
    const ratio = (await sent('bfloat16')) / (await sent('float32'));
    assert.ok(ratio > 0.49 && ratio < 0.55, `${ratio}`);
  });
});
