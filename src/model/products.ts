import * as tf from '@tensorflow/tfjs';
import { compiled } from '../native/compiled.ts';
import { scoped } from '../tensorflow/scope.ts';

export interface ProductSize {
  /** Of the result. */
  rows: number;
  inner: number;
  columns: number;
  /** `a` is stored inner × rows. */
  transposeA?: boolean;
  /** `b` is stored columns × inner. */
  transposeB?: boolean;
}

/** To wake other threads takes some 20 µs, in which one thread does this many multiplications. */
const WORTH_THREADS = 2 ** 21;

/** Adds a · b to `out`, all row-major and plain, by whichever engine computes here. */
export function addProduct(a: Float32Array, b: Float32Array, out: Float32Array, size: ProductSize): void {
  const { rows, inner, columns, transposeA = false, transposeB = false } = size;
  if (rows === 0 || inner === 0) return;
  const native = compiled();
  if (native) {
    const threads = rows * inner * columns < WORTH_THREADS ? 1 : native.threads;
    native.kernels.product({
      ...{ a, b, out, rows, inner, columns, transposeA, transposeB, accumulate: true, threads },
    });
    return;
  }
  const found = scoped(() => {
    // Without transpose flags, which are slow on WebAssembly.
    const left = transposeA ? tf.transpose(tf.tensor2d(a, [inner, rows])) : tf.tensor2d(a, [rows, inner]);
    const right = transposeB
      ? tf.transpose(tf.tensor2d(b, [columns, inner]))
      : tf.tensor2d(b, [inner, columns]);
    return tf.matMul(left, right).dataSync() as Float32Array;
  });
  for (let i = 0; i < found.length; i++) out[i] = out[i]! + found[i]!;
}
