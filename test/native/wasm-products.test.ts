import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import { compiled } from '../../src/native/compiled.ts';
import { startBackend } from '../../src/backend/backend.ts';
import { distance, noise } from './kernels.ts';

/** a · b in float64; both row-major as they are read, not as they are stored. */
function product(a: Float32Array, b: Float32Array, inner: number, columns: number): Float64Array {
  const out = new Float64Array((a.length / inner) * columns);
  for (let at = 0; at < out.length; at++) {
    const [row, column] = [Math.floor(at / columns), at % columns];
    for (let i = 0; i < inner; i++) out[at]! += a[row * inner + i]! * b[i * columns + column]!;
  }
  return out;
}

const transposed = (values: Float32Array, columns: number) =>
  Float32Array.from(values, (_, at) => {
    const rows = values.length / columns;
    return values[(at % rows) * columns + Math.floor(at / rows)]!;
  });

describe('products on the WebAssembly backend', () => {
  before(async function () {
    const { name } = await startBackend();
    if (name !== 'tfjs-wasm' || !compiled()) this.skip();
  });

  const [rows, inner, columns] = [37, 130, 70];
  const a = noise(1, rows * inner);
  const b = noise(2, inner * columns);

  for (const [transposeA, transposeB] of [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    it(`are sums of products, stored ${transposeA ? 'inner first' : 'rows first'} and ${transposeB ? 'columns first' : 'inner first'}`, () => {
      const found = tf.tidy(() => {
        const left = transposeA
          ? tf.tensor2d(transposed(a, inner), [inner, rows])
          : tf.tensor2d(a, [rows, inner]);
        const right = transposeB
          ? tf.tensor2d(transposed(b, columns), [columns, inner])
          : tf.tensor2d(b, [inner, columns]);
        return tf.matMul(left, right, transposeA, transposeB).dataSync();
      });
      assert.ok(distance(found, product(a, b, inner, columns)) < 2e-6);
    });
  }

  it('take a batch of matrices, and one that all share', () => {
    const batch = tf.tensor3d(noise(3, 3 * 5 * 7), [3, 5, 7]);
    const each = tf.tensor3d(noise(4, 3 * 7 * 2), [3, 7, 2]);
    const shared = tf.tensor3d(noise(5, 7 * 2), [1, 7, 2]);
    for (const other of [each, shared]) {
      const found = tf.matMul(batch, other);
      assert.deepEqual(found.shape, [3, 5, 2]);
      for (let i = 0; i < 3; i++) {
        const left = batch.dataSync().slice(i * 35, (i + 1) * 35) as Float32Array;
        const at = other === shared ? 0 : i * 14;
        const right = other.dataSync().slice(at, at + 14) as Float32Array;
        const part = found.dataSync().slice(i * 10, (i + 1) * 10);
        assert.ok(distance(part, product(left, right, 7, 2)) < 2e-6);
      }
    }
  });

  it('have the gradients that TensorFlow.js derives', () => {
    const [da, db] = tf.grads((x: tf.Tensor, y: tf.Tensor) => tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D))(
      [tf.tensor2d(a, [rows, inner]), tf.tensor2d(b, [inner, columns])],
      tf.tensor2d(noise(6, rows * columns), [rows, columns]),
    ) as [tf.Tensor, tf.Tensor];
    const dy = noise(6, rows * columns);
    assert.ok(distance(da.dataSync(), product(dy, transposed(b, columns), columns, inner)) < 2e-6);
    assert.ok(distance(db.dataSync(), product(transposed(a, inner), dy, rows, columns)) < 2e-6);
  });

  it('leave no tensor behind', () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => tf.matMul(tf.tensor2d(a, [rows, inner]), tf.tensor2d(b, [inner, columns])).dataSync());
    assert.equal(tf.memory().numTensors, before);
  });
});
