import assert from 'node:assert/strict';
import { CorruptArtifactError } from '../../../src/errors.ts';
import { decodeTensors, encodeTensors } from '../../../src/serving/cache/tensor-bytes.ts';
import type { ServingTensor, TensorMap } from '../../../src/serving/tensor.ts';

const every: TensorMap = new Map<string, ServingTensor>([
  ['bytes', { dtype: 'uint8', shape: [3], data: Uint8Array.of(1, 2, 255) }],
  ['doubles', { dtype: 'float64', shape: [1, 2], data: Float64Array.of(Math.PI, -0) }],
  ['floats', { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1.5, Number.NaN, -Infinity, 0) }],
  ['flags', { dtype: 'bool', shape: [1], data: Uint8Array.of(1) }],
  ['longs', { dtype: 'int64', shape: [1], data: BigInt64Array.of(-(2n ** 63n)) }],
  ['ints', { dtype: 'int32', shape: [], data: Int32Array.of(-5) }],
  ['none', { dtype: 'float32', shape: [0, 7], data: new Float32Array() }],
  ['words', { dtype: 'string', shape: [3], data: [Buffer.from('é'), Buffer.alloc(0), Buffer.of(0, 255)] }],
  ['no words', { dtype: 'string', shape: [0], data: [] }],
]);

const plain = (tensors: TensorMap) =>
  [...tensors].map(([name, { dtype, shape, data }]) => [
    name,
    dtype,
    [...shape],
    Array.isArray(data) ? data.map((value) => [...value]) : [...data],
  ]);

describe('tensors as bytes', () => {
  it('come back as they were, of every type', () => {
    assert.deepEqual(plain(decodeTensors(encodeTensors(every))), plain(every));
  });

  it('come back from anywhere within a larger buffer', () => {
    const bytes = encodeTensors(every);
    for (let offset = 0; offset < 9; offset++) {
      const around = new Uint8Array(bytes.length + 20).fill(7);
      around.set(bytes, offset);
      const within = around.subarray(offset, offset + bytes.length);
      assert.deepEqual(plain(decodeTensors(within)), plain(every));
    }
  });

  it('lie over the bytes given, without a copy', () => {
    const bytes = encodeTensors(every);
    const { data } = decodeTensors(bytes).get('doubles')!;
    assert.equal((data as Float64Array).buffer, bytes.buffer);
  });

  it('are refused when bytes are missing or are something else', () => {
    const bytes = encodeTensors(every);
    const wrong = [
      new Uint8Array(),
      Buffer.from('something else entirely'),
      bytes.subarray(0, 3),
      bytes.subarray(0, 40),
      bytes.subarray(0, bytes.length - 24),
    ];
    for (const one of wrong) assert.throws(() => decodeTensors(one), CorruptArtifactError);
  });

  it('are refused where their head is of no tensors', () => {
    const wrong = [
      [['x', 'float32', [-1]]],
      [['x', 'float32', [0.5, 2]]],
      [['x', 'string', [2], [1]]],
      [['x', 'string', [2], [-1, 2]]],
      [['x', 'float32', [2], [1, 1]]],
      [['x', 'complex64', [1]]],
      { length: 1 },
    ];
    for (const head of wrong) {
      const text = Buffer.from(JSON.stringify(head));
      const bytes = Buffer.concat([Buffer.alloc(4), text, Buffer.alloc(64)]);
      bytes.writeUInt32LE(text.length);
      assert.throws(() => decodeTensors(bytes), CorruptArtifactError, text.toString());
    }
  });
});
