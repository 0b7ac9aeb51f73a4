import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cacheKey, type Asked } from '../../../src/serving/cache/cache-key.ts';
import type { ServingTensor } from '../../../src/serving/tensor.ts';

const floats = (values: number[], shape = [values.length]): ServingTensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(values),
});
const strings = (...values: string[]): ServingTensor => ({
  dtype: 'string',
  shape: [values.length],
  data: values.map((value) => new TextEncoder().encode(value)),
});

const asked = (change: Partial<Asked> = {}): Asked => ({
  modelHash: 'm',
  signature: 's',
  inputs: new Map([['x', floats([1, 2])]]),
  ...change,
});
const inputs = (...entries: [string, ServingTensor][]) => asked({ inputs: new Map(entries) });

describe('the key of an answer', () => {
  it('is the same for inputs and outputs in another order', () => {
    const one = floats([1]);
    const two = floats([2]);
    assert.equal(cacheKey(inputs(['a', one], ['b', two])), cacheKey(inputs(['b', two], ['a', one])));
    assert.equal(cacheKey(asked({ outputs: ['p', 'q'] })), cacheKey(asked({ outputs: ['q', 'p', 'q'] })));
    assert.match(cacheKey(asked()), /^[0-9a-f]{64}$/);
  });

  it('is another for everything that may change the answer', () => {
    const different = [
      asked(),
      asked({ modelHash: 'ms', signature: '' }),
      asked({ modelHash: 'other' }),
      asked({ signature: 'other' }),
      asked({ outputs: [] }),
      asked({ outputs: ['y'] }),
      inputs(['y', floats([1, 2])]),
      inputs(['x', floats([1, 3])]),
      inputs(['x', floats([1, 2], [1, 2])]),
      inputs(['x', floats([1, 2], [2, 1])]),
      inputs(['x', { dtype: 'int32', shape: [2], data: new Int32Array(Float32Array.of(1, 2).buffer) }]),
      inputs(['x', floats([0])]),
      inputs(['x', floats([-0])]),
      inputs(['x', strings('ab', 'c')]),
      inputs(['x', strings('a', 'bc')]),
      inputs(['x', strings('abc', '')]),
      inputs(['x', floats([1])], ['z', floats([2])]),
    ].map(cacheKey);
    assert.equal(new Set(different).size, different.length);
  });

  it('sees a view’s own values, not those of the buffer around it', () => {
    const buffer = Float32Array.of(9, 1, 2, 9);
    const view: ServingTensor = { dtype: 'float32', shape: [2], data: buffer.subarray(1, 3) };
    assert.equal(cacheKey(inputs(['x', view])), cacheKey(asked()));
  });

  it('tells any two lists of strings apart', () => {
    const list = fc.array(fc.string({ maxLength: 3 }), { maxLength: 4 });
    fc.assert(
      fc.property(list, list, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        const keys = [a, b].map((values) => cacheKey(inputs(['x', strings(...values)])));
        return (keys[0] === keys[1]) === same;
      }),
    );
  });
});
