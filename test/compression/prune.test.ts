import assert from 'node:assert/strict';
import fc from 'fast-check';
import { keepZeros, prune, sparseTensors, zerosOf } from '../../src/compression/prune.ts';
import { productsOf } from '../../src/compression/weights-of-products.ts';
import { CorruptArtifactError } from '../../src/errors.ts';
import { encodeSafetensors, readSafetensors, tensor, type Tensor } from '../../src/lake/safetensors.ts';
import { layoutOf, viewOf } from '../../src/model/parameters.ts';
import { readParameter, stored } from '../../src/model/stored-parameters.ts';
import { flatWeights, namedTensors } from '../../src/model/weights.ts';
import { smallNetwork } from '../export/small-network.ts';

describe('pruned weights', () => {
  const { config, weights } = smallNetwork('pruned');
  const layout = layoutOf(config);
  const pruned = (sparsity: number) => {
    const own = weights.slice();
    prune(own, layout, sparsity);
    return own;
  };

  it('are 0 where each product was smallest, and as they were elsewhere', () => {
    const own = pruned(0.6);
    for (const parameter of productsOf(layout)) {
      const [before, after] = [viewOf(weights, parameter), viewOf(own, parameter)];
      const gone = [...after.keys()].filter((i) => after[i] === 0);
      const stayed = [...after.keys()].filter((i) => after[i] !== 0);
      assert.equal(gone.length, Math.floor(0.6 * after.length), parameter.name);
      const largest = Math.max(...gone.map((i) => Math.abs(before[i]!)));
      for (const i of stayed) {
        assert.equal(after[i], before[i]);
        assert.ok(Math.abs(before[i]!) >= largest);
      }
    }
    const gain = layout.byName.get('head.gain')!;
    assert.deepEqual(viewOf(own, gain), viewOf(weights, gain));
  });

  it('are as many zeros as was asked where all weights are equal', () => {
    const own = new Float32Array(layout.size).fill(0.5);
    prune(own, layout, 0.25);
    for (const parameter of productsOf(layout)) {
      const values = viewOf(own, parameter);
      assert.equal(values.filter((value) => value === 0).length, Math.floor(values.length / 4));
    }
  });

  it('come back from their file bit for bit, and take the less the more are 0', () => {
    const sizes = [0.3, 0.6, 0.9].map((sparsity) => {
      const own = pruned(sparsity);
      const file = encodeSafetensors(sparseTensors(own, layout));
      assert.deepEqual(flatWeights(readSafetensors(file), layout, 'file'), own);
      return file.length;
    });
    const dense = encodeSafetensors(namedTensors(weights, layout)).length;
    assert.ok(sizes[2]! < sizes[1]! && sizes[1]! < sizes[0]! && sizes[0]! < dense, `${sizes} of ${dense}`);
  });

  it('of any matrix come back as they were', () => {
    const value = fc.oneof(fc.constant(0), fc.float({ noNaN: true }));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), (values) => {
        const data = Float32Array.from(values, (each) => each || 0);
        const parameter = { name: 'm', shape: [1, data.length] as [number, number] };
        const one = { ...parameter, offset: 0, decays: true, rateFactor: 1, initial: 0 };
        const own = { parameters: [one], byName: new Map([['m', one]]), size: data.length };
        const into = new Float32Array(data.length).fill(7);
        const tensors = new Map(Object.entries(sparseTensors(data, own)));
        assert.equal(readParameter(tensors, parameter, into), true);
        assert.deepEqual(into, data);
      }),
    );
  });

  it('stay 0 while what is left is trained', () => {
    const pattern = pruned(0.5);
    const own = weights.map((weight) => weight + 1);
    keepZeros(own, pattern, layout);
    assert.ok(Math.abs(zerosOf(own) - zerosOf(pattern)) < 0.02);
    for (const parameter of productsOf(layout)) {
      viewOf(pattern, parameter).forEach((kept, i) =>
        assert.equal(viewOf(own, parameter)[i] === 0, kept === 0),
      );
    }
  });

  it('are refused where bits and values do not fit', () => {
    const name = 'layer.0.attention.out';
    const whole = new Map(Object.entries(sparseTensors(pruned(0.5), layout)));
    const { mask, values } = stored(name);
    const changes: [string, (data: Tensor['data']) => Tensor['data']][] = [
      [mask, (data) => new Uint8Array(data.length).fill(255)],
      [mask, (data) => data.slice(1)],
      [values, (data) => data.slice(1)],
      [values, (data) => Float32Array.of(...(data as Float32Array), 1)],
    ];
    for (const [part, change] of changes) {
      const data = change(whole.get(part)!.data);
      const broken = new Map([...whole, [part, tensor(data, [data.length])]]);
      assert.throws(
        () => flatWeights(broken, layout, 'weights.safetensors'),
        (error) =>
          error instanceof CorruptArtifactError &&
          /weights\.safetensors has other bits than values of layer\.0\.attention\.out/.test(error.line),
      );
    }
  });
});
