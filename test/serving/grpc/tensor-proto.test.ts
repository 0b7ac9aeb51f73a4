import { deepEqual } from 'node:assert/strict';
import { loadSync } from '@grpc/proto-loader';
import fc from 'fast-check';
import { PROTOS } from '../../../src/serving/grpc/definitions.ts';
import { decodePredict, encodePrediction } from '../../../src/serving/grpc/predict-codec.ts';
import { ServingProblem } from '../../../src/serving/problem.ts';
import type { ServingTensor } from '../../../src/serving/tensor.ts';

interface Method {
  requestSerialize(message: object): Buffer;
  responseDeserialize(bytes: Buffer): {
    outputs: Record<string, Record<string, unknown>>;
    model_spec: object;
  };
}

/** The same schemas, read and written by another library. */
const { Predict } = loadSync('serving.proto', {
  includeDirs: [PROTOS],
  ...{ keepCase: true, longs: String, enums: Number, defaults: true },
})['tensorflow.serving.PredictionService'] as unknown as { Predict: Method };

const LISTS = {
  ...{ float32: 'float_val', float64: 'double_val', int32: 'int_val', uint8: 'int_val' },
  ...{ int64: 'int64_val', bool: 'bool_val', string: 'string_val' },
} as const;
const NUMBERS = { float32: 1, float64: 2, int32: 3, uint8: 4, string: 7, int64: 9, bool: 10 } as const;

const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 });
const sizeOf = (shape: readonly number[]) => shape.reduce((size, axis) => size * axis, 1);
const tensors: fc.Arbitrary<ServingTensor> = shapes.chain((shape) => {
  const of = <T>(value: fc.Arbitrary<T>) =>
    fc.array(value, { minLength: sizeOf(shape), maxLength: sizeOf(shape) });
  return fc.oneof(
    of(fc.float()).map((all): ServingTensor => ({ dtype: 'float32', shape, data: Float32Array.from(all) })),
    of(fc.double()).map((all): ServingTensor => ({ dtype: 'float64', shape, data: Float64Array.from(all) })),
    of(fc.integer()).map((all): ServingTensor => ({ dtype: 'int32', shape, data: Int32Array.from(all) })),
    of(fc.integer({ min: 0, max: 255 })).map((all): ServingTensor => ({
      dtype: 'uint8',
      shape,
      data: Uint8Array.from(all),
    })),
    of(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })).map((all): ServingTensor => ({
      dtype: 'int64',
      shape,
      data: BigInt64Array.from(all),
    })),
    of(fc.boolean()).map((all): ServingTensor => ({
      dtype: 'bool',
      shape,
      data: Uint8Array.from(all, Number),
    })),
    of(fc.uint8Array({ maxLength: 200 })).map((all): ServingTensor => ({
      dtype: 'string',
      shape,
      data: all,
    })),
  );
});

/** As the other library takes it. */
function listed({ dtype, data }: ServingTensor): unknown[] {
  if (dtype === 'bool') return Array.from(data as Uint8Array, Boolean);
  if (dtype === 'int64') return Array.from(data as BigInt64Array, String);
  return dtype === 'string'
    ? (data as Uint8Array[]).map((each) => Buffer.from(each))
    : Array.from(data as Float32Array);
}
const header = ({ dtype, shape }: ServingTensor) => ({
  dtype: NUMBERS[dtype],
  tensor_shape: { dim: shape.map((size) => ({ size })) },
});
const requestOf = (tensor: object) =>
  Predict.requestSerialize({ model_spec: { name: 'm' }, inputs: { x: tensor } });
const decoded = (bytes: Buffer) => decodePredict(bytes, 2 ** 20).inputs.get('x');

describe('tensors on the gRPC door', () => {
  it('are read from lists as another library writes them', () => {
    fc.assert(
      fc.property(tensors, (tensor) => {
        deepEqual(decoded(requestOf({ ...header(tensor), [LISTS[tensor.dtype]]: listed(tensor) })), tensor);
      }),
      { numRuns: 300 },
    );
  });

  it('are read from their content', () => {
    fc.assert(
      fc.property(tensors, (tensor) => {
        const { dtype, data } = tensor;
        const content =
          dtype === 'string'
            ? Buffer.concat([
                ...(data as Uint8Array[]).map(({ length }) =>
                  Buffer.from(length < 128 ? [length] : [(length & 127) | 128, length >> 7]),
                ),
                ...(data as Uint8Array[]),
              ])
            : Buffer.from((data as Float32Array).buffer);
        deepEqual(decoded(requestOf({ ...header(tensor), tensor_content: content })), tensor);
      }),
      { numRuns: 300 },
    );
  });

  it('are written so that another library reads them', () => {
    fc.assert(
      fc.property(tensors, (tensor) => {
        const answer = {
          model: 'm',
          version: 300,
          signature: 's',
          outputs: new Map([['y', tensor]]),
          cached: false,
        };
        const { outputs, model_spec } = Predict.responseDeserialize(Buffer.from(encodePrediction(answer)));
        deepEqual(outputs.y![LISTS[tensor.dtype]], listed(tensor));
        deepEqual(
          [
            outputs.y!.dtype,
            (outputs.y!.tensor_shape as { dim: { size: string }[] }).dim.map(({ size }) => Number(size)),
          ],
          [NUMBERS[tensor.dtype], tensor.shape],
        );
        deepEqual(model_spec, { name: 'm', version: { value: '300' }, signature_name: 's' });
      }),
      { numRuns: 300 },
    );
  });

  it('are refused, not crashed on, whatever bytes come', () => {
    const whole = requestOf({ dtype: 1, tensor_shape: { dim: [{ size: 2 }] }, float_val: [1, 2] });
    const bent = fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => {
      const bytes = Buffer.from(whole);
      bytes[at] = byte;
      return bytes;
    });
    const bytes = fc.oneof(
      fc.uint8Array().map((each) => Buffer.from(each)),
      bent,
      fc.nat(whole.length).map((end) => whole.subarray(0, end)),
    );
    fc.assert(
      fc.property(bytes, (request) => {
        try {
          decodePredict(request, 2 ** 20);
        } catch (error) {
          if (!(error instanceof ServingProblem && error.code === 'INVALID_ARGUMENT')) throw error;
        }
      }),
      { numRuns: 3000 },
    );
  });
});
