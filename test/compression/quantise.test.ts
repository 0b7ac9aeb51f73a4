import assert from 'node:assert/strict';
import fc from 'fast-check';
import { quantiseColumns, quantisedTensors } from '../../src/compression/quantise.ts';
import { BadInputError, CorruptArtifactError } from '../../src/errors.ts';
import { encodeSafetensors, readSafetensors, tensor } from '../../src/lake/safetensors.ts';
import { layoutOf, viewOf } from '../../src/model/parameters.ts';
import { dequantise, stored } from '../../src/model/stored-parameters.ts';
import { flatWeights } from '../../src/model/weights.ts';
import { smallNetwork } from '../export/small-network.ts';

const COLUMNS = 3;

function roundTrip(data: Float32Array): { back: Float32Array; scales: Float32Array } {
  const matrix = quantiseColumns(data, COLUMNS);
  const back = new Float32Array(data.length);
  dequantise(matrix, back);
  return { back, scales: matrix.scales };
}

describe('weights as int8', () => {
  const { config, weights } = smallNetwork('int8');
  const layout = layoutOf(config);
  const file = () => encodeSafetensors(quantisedTensors(weights, layout));

  it('are never further from the weights than half a step of their column', () => {
    const value = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 20 }), (rows) => {
        const data = Float32Array.from(rows.flat());
        const { back, scales } = roundTrip(data);
        data.forEach((weight, i) => {
          const step = scales[i % COLUMNS]!;
          // What comes back is rounded to float32 once more.
          const rounding = Math.max(2 ** -150, Math.abs(weight) * 2 ** -23);
          assert.ok(Math.abs(back[i]! - weight) <= step / 2 + rounding, `${weight} is ${back[i]}`);
        });
      }),
    );
  });

  it('have a step a column, so that a large one spoils no other', () => {
    const { back } = roundTrip(Float32Array.of(1e6, 1e-6, 1, -5e5, -5e-7, 0.25));
    assert.ok(Math.abs(back[1]! / 1e-6 - 1) < 0.01 && Math.abs(back[4]! / -5e-7 - 1) < 0.01);
  });

  it('keep zeros, columns of zeros and of one number, and the smallest numbers that there are', () => {
    const least = 2 ** -149;
    const { back, scales } = roundTrip(Float32Array.of(0, -0.7, least, 0, -0.7, -178 * least));
    assert.deepEqual([back[0], back[3]], [0, 0]);
    assert.ok(Math.abs(back[1]! + 0.7) < 1e-7 && back[1] === back[4]);
    assert.ok(Math.abs(back[5]! + 178 * least) <= scales[2]! / 2);
    assert.ok(scales.every((step) => step > 0));
  });

  it('reach the largest numbers without becoming infinite', () => {
    const most = (2 - 2 ** -23) * 2 ** 127;
    const { back } = roundTrip(Float32Array.of(most, 1, 1, -most, 1, 1));
    assert.ok(back.every(Number.isFinite));
    assert.ok(Math.abs(back[0]! / most - 1) < 1e-6);
  });

  it('are refused of what is no number', () => {
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      const own = weights.slice();
      own[layout.byName.get('layer.1.mlp.in')!.offset + 5] = bad;
      assert.throws(
        () => quantisedTensors(own, layout),
        (error) => error instanceof BadInputError && /layer\.1\.mlp\.in: /.test(error.line),
      );
    }
  });

  it('lie in the file as bytes, gains and tables as they are, and are read by whoever reads weights', () => {
    const tensors = readSafetensors(file());
    assert.equal(tensors.get('layer.0.mlp.in')!.dtype, 'I8');
    const back = flatWeights(tensors, layout, 'file');
    for (const name of ['head.gain', 'embed.region', 'issue.direct.region', 'issue.deep.bias']) {
      const parameter = layout.byName.get(name)!;
      assert.deepEqual(viewOf(back, parameter), viewOf(weights, parameter), name);
    }
    const moved = back.filter((weight, i) => weight !== weights[i]).length;
    assert.ok(moved > back.length / 3, 'products are not rounded');
  });

  it('are refused without a step a column, and with a step that is none', () => {
    const name = 'layer.0.mlp.in';
    const broken = (scale: Float32Array | undefined) => {
      const tensors = new Map(Object.entries(quantisedTensors(weights, layout)));
      if (scale) tensors.set(stored(name).scale, tensor(scale, [1, scale.length]));
      else tensors.delete(stored(name).scale);
      return () => flatWeights(tensors, layout, 'weights.safetensors');
    };
    const columns = config.mlpWidth;
    const scales = [undefined, new Float32Array(columns - 1).fill(1), new Float32Array(columns)];
    for (const scale of [...scales, new Float32Array(columns).fill(Number.NaN)]) {
      assert.throws(
        broken(scale),
        (error) =>
          error instanceof CorruptArtifactError &&
          /no step for each column of layer\.0\.mlp\.in/.test(error.line),
      );
    }
    assert.ok(broken(new Float32Array(columns).fill(1))() instanceof Float32Array);
  });
});
