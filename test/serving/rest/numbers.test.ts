import { deepEqual, equal } from 'node:assert/strict';
import fc from 'fast-check';
import { ByteWriter } from '../../../src/serving/rest/byte-writer.ts';
import { JsonCursor } from '../../../src/serving/rest/json-cursor.ts';
import { readNumber } from '../../../src/serving/rest/json-numbers.ts';
import { readPredict } from '../../../src/serving/rest/json-tensors.ts';
import { decimalText, writeDecimal } from '../../../src/serving/rest/write-decimal.ts';
import { writePrediction } from '../../../src/serving/rest/write-tensors.ts';
import { port, SMALL_LIMITS } from '../wire/small-service.ts';

const numberIn = (text: string, single: boolean) => readNumber(new JsonCursor(Buffer.from(text), 8), single);
const written = (value: number, single: boolean) => {
  const writer = new ByteWriter();
  writeDecimal(writer, value, single);
  return writer.done().toString();
};

/** Any way that JSON spells a number: long mantissas, exponents, zeros. */
const digits = (least: number, most: number) =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: least, maxLength: most })
    .map((each) => each.join(''));
const spelled = fc
  .record({
    sign: fc.constantFrom('', '-'),
    whole: fc.oneof(
      fc.constant('0'),
      digits(1, 25).map((text) => `1${text}`),
    ),
    fraction: fc.oneof(
      fc.constant(''),
      digits(1, 30).map((text) => `.${text}`),
    ),
    exponent: fc.oneof(
      fc.constant(''),
      fc.integer({ min: -60, max: 60 }).map((power) => `e${power}`),
    ),
  })
  .map(({ sign, whole, fraction, exponent }) => `${sign}${whole}${fraction}${exponent}`);

const float32 = fc.float({ noNaN: true });
const anyFloat = fc.oneof(float32, fc.constantFrom(0.1, 1e-4, 999_999.94, 16_777_216).map(Math.fround));

describe('numbers on the REST door', () => {
  it('reads as JSON.parse does, however a number is spelled', () => {
    fc.assert(
      fc.property(
        fc.oneof(spelled, fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)),
        (text) => {
          equal(numberIn(text, false), Number(text));
          equal(
            numberIn(text, true) === Number(text) ||
              Math.fround(numberIn(text, true)) === Math.fround(Number(text)),
            true,
          );
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('reads lists of them as JSON.parse does, with any space between', () => {
    const lists = fc.array(fc.array(spelled, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(lists, fc.constantFrom('', ' ', '  ', '\n\t'), fc.boolean(), (rows, space, single) => {
        const text = `{"instances":${space}[${rows.map((row) => `[${row.join(`,${space}`)}${space}]`).join(`${space},`)}]}`;
        const dtype = single ? 'float32' : 'float64';
        const { inputs } = readPredict(Buffer.from(text), () => [port('x', dtype, [-1, 3])], SMALL_LIMITS);
        const { instances } = JSON.parse(text) as { instances: number[][] };
        const expected = single ? Float32Array.from(instances.flat()) : Float64Array.from(instances.flat());
        deepEqual(inputs.get('x'), { dtype, shape: [rows.length, 3], data: expected });
      }),
      { numRuns: 1000 },
    );
  });

  it('writes a float so that it reads as the same', () => {
    fc.assert(
      fc.property(anyFloat, (value) => {
        equal(Math.fround(Number(written(value, true))), value);
        equal(Number(written(value, false)), value);
      }),
      { numRuns: 5000 },
    );
  });

  it('writes quickly what it writes slowly', () => {
    fc.assert(
      fc.property(anyFloat, (value) => {
        const [quick, slow] = [written(value, true), decimalText(value, true)];
        if (quick === slow) return;
        // printf rounds halves to even, JavaScript up: the value lies in the middle of the two.
        const middle = (Number(quick) + Number(slow)) / 2;
        equal(Math.abs(middle - value) <= Math.abs(value) * 1e-15, true, `${quick} ${slow}`);
      }),
      { numRuns: 5000 },
    );
  });

  const examples: [value: number, single: boolean, text: string][] = [
    [0, true, '0.0'],
    [-0, true, '-0.0'],
    [1, true, '1.0'],
    [Math.fround(0.1), true, '0.1'],
    [Math.fround(0.2), true, '0.2'],
    [9_000_000, true, '9e+06'],
    [Math.fround(0.00003), true, '3e-05'],
    [1_234_567, true, '1234567.0'],
    [Math.fround(0.123456789), true, '0.123456791'],
    // A half at the tenth digit goes to the even nine.
    [24_241.15625, true, '24241.1562'],
    [Math.fround(3.4028234663852886e38), true, '3.40282347e+38'],
    [0.1, false, '0.1'],
    [1 / 3, false, '0.33333333333333331'],
    [Number.NEGATIVE_INFINITY, true, '-Infinity'],
  ];
  for (const [value, single, text] of examples) {
    it(`writes ${value} as ${text}`, () => equal(written(value, single), text));
  }

  it('brings tensors of any type and shape there and back', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 });
    const sizeOf = (shape: number[]) => shape.reduce((size, axis) => size * axis, 1);
    const of = <T>(value: fc.Arbitrary<T>, shape: number[]) =>
      fc.array(value, { minLength: sizeOf(shape), maxLength: sizeOf(shape) });
    const tensors = shapes.chain((shape) =>
      fc.oneof(
        of(float32, shape).map((all) => ({ dtype: 'float32' as const, shape, data: Float32Array.from(all) })),
        of(fc.double({ noNaN: true }), shape).map((all) => ({
          dtype: 'float64' as const,
          shape,
          data: Float64Array.from(all),
        })),
        of(fc.integer(), shape).map((all) => ({
          dtype: 'int32' as const,
          shape,
          data: Int32Array.from(all),
        })),
        of(fc.integer({ min: 0, max: 255 }), shape).map((all) => ({
          dtype: 'uint8' as const,
          shape,
          data: Uint8Array.from(all),
        })),
        of(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), shape).map((all) => ({
          dtype: 'int64' as const,
          shape,
          data: BigInt64Array.from(all),
        })),
        of(fc.boolean(), shape).map((all) => ({
          dtype: 'bool' as const,
          shape,
          data: Uint8Array.from(all, Number),
        })),
        of(fc.string({ unit: 'binary' }), shape).map((all) => ({
          dtype: 'string' as const,
          shape,
          data: all.map((text) => Uint8Array.from(Buffer.from(text))),
        })),
      ),
    );
    fc.assert(
      fc.property(tensors, fc.constantFrom('row' as const, 'columnar' as const), (tensor, format) => {
        const text = writePrediction(new Map([['x', tensor]]), format).toString();
        const request = Buffer.from(
          text.replace('"predictions"', '"instances"').replace('"outputs"', '"inputs"'),
        );
        const read = readPredict(request, () => [port('x', tensor.dtype, null)], SMALL_LIMITS);
        deepEqual(read, { signature: undefined, inputs: new Map([['x', tensor]]), format });
      }),
      { numRuns: 500 },
    );
  });
});
