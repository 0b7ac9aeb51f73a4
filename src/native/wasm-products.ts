import * as tf from '@tensorflow/tfjs';
import type { Kernels } from './kernels.ts';
import { viewsOf, type WasmBackend } from './wasm-memory.ts';

/** TensorFlow.js's kernel for every `matMul`. */
const MATMUL = 'BatchMatMul';

/**
 * Puts the compiled product in the place of WebAssembly's own, so that no model knows of it: ten times as fast on one
 * thread (205 against 20 GFLOP/s), and with transpose flags, which stock gradients use, three hundred times.
 */
export function registerProducts(kernels: Kernels, threads: number): void {
  const stock = tf.getKernel(MATMUL, 'wasm').kernelFunc;
  tf.unregisterKernel(MATMUL, 'wasm');
  tf.registerKernel({
    kernelName: MATMUL,
    backendName: 'wasm',
    kernelFunc: (call) => {
      const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      const plan = planOf(a, b, call.attrs as unknown as Flags);
      if (plan === undefined) return stock(call);
      const backend = call.backend as unknown as WasmBackend;
      const out = backend.makeOutput(plan.shape, 'float32');
      multiply(kernels, threads, viewsOf(backend, [a, b, out]), plan);
      return out;
    },
  });
}

interface Flags {
  transposeA: boolean;
  transposeB: boolean;
}

interface Plan extends Flags {
  rows: number;
  inner: number;
  columns: number;
  batches: number;
  shape: number[];
}

/** Absent for what only the stock kernel knows: other types, and batches that are stretched to fit. */
function planOf(a: tf.TensorInfo, b: tf.TensorInfo, { transposeA, transposeB }: Flags): Plan | undefined {
  if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
  const outer = a.shape.slice(0, -2);
  if (!tf.util.arraysEqual(outer, b.shape.slice(0, -2))) return undefined;
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const [rows, inner] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const columns = transposeB ? bRows : bColumns;
  const batches = outer.reduce((product, size) => product * size, 1);
  return { rows, inner, columns, batches, transposeA, transposeB, shape: [...outer, rows, columns] };
}

/** To wake other threads takes some 20 µs, in which one thread does this many multiplications. */
const WORTH_THREADS = 2 ** 21;

function multiply(
  kernels: Kernels,
  threads: number,
  [a, b, out]: Float32Array[],
  { rows, inner, columns, batches, transposeA, transposeB }: Plan,
): void {
  const size = { rows, inner, columns, transposeA, transposeB, accumulate: false };
  const part = (whole: Float32Array | undefined, batch: number, length: number) =>
    whole!.subarray(batch * length, (batch + 1) * length);
  for (let batch = 0; batch < batches; batch++) {
    kernels.product({
      ...size,
      a: part(a, batch, rows * inner),
      b: part(b, batch, inner * columns),
      out: part(out, batch, rows * columns),
      threads: rows * inner * columns < WORTH_THREADS ? 1 : threads,
    });
  }
}
