import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { loadConfig, type Config } from '../config/config.ts';
import { UnavailableError } from '../errors.ts';
import { computeWith } from '../native/compiled.ts';
import { chooseKernel } from '../native/kernel.ts';
import type { Precision } from '../native/kernels.ts';
import { registerProducts } from '../native/wasm-products.ts';
import type { BlockAttention } from './block-attention.ts';
import { sumWith } from './checksum.ts';
import { NativeBlockAttention } from './native-block-attention.ts';
import { nativeIsForGpu, startNativeTensorflow } from './native-tensorflow.ts';
import { TensorBlockAttention } from './tensor-block-attention.ts';

/** What computes. `numerics` decides whether two slots give the same bits and may share a ring. */
export interface Backend {
  name: 'tfjs-wasm' | 'tfjs-native';
  /** Such as `tfjs-wasm 4.22.0 simd f32, kernels 0.1.0 avx512`, with the processor where it decides the bits. */
  numerics: string;
  device: string;
  /** The variant of the compiled kernels that computes attention; null: TensorFlow.js does. */
  kernel: string | null;
  /** Threads that a process computes with. */
  threads: number;
  /** What is not in use that could be, and why. */
  note?: string;
  /** Computes blocks; refuses a precision that it does not have. */
  attention(precision?: Precision): BlockAttention;
}

const require = createRequire(import.meta.url);

let started: Promise<Backend> | undefined;

/** Starts TensorFlow.js once a process, on the backend that RINGWATT_BACKEND names, and the kernels with it. */
export function startBackend(): Promise<Backend> {
  started ??= start(loadConfig());
  return started;
}

async function start(config: Config): Promise<Backend> {
  const threads = config.threads ?? Math.max(1, Math.floor(availableParallelism() / config.slots));
  const chosen = chooseKernel(config.kernel);
  const tensors = await startTensors(config.backend, threads, 'kernels' in chosen);
  // A GPU's own products leave the compiled kernels behind; its blocks stay where its tensors are.
  if (tensors.device !== 'cpu') return withTensors(tensors, threads);
  if ('note' in chosen) return withTensors({ ...tensors, note: notes(tensors.note, chosen.note) }, threads);
  const { kernels, variant } = chosen;
  computeWith({ kernels, threads });
  sumWith(kernels);
  if (tensors.name === 'tfjs-wasm') registerProducts(kernels, threads);
  return {
    ...tensors,
    // Products are cut to the sizes of the processor's caches, so its model decides the bits too.
    numerics: `${tensors.numerics}, kernels ${kernels.version} ${variant}, products ${kernels.productInstructions} on ${cpus()[0]?.model ?? 'unknown processor'}`,
    kernel: variant,
    threads,
    attention: (precision) => new NativeBlockAttention(kernels, { variant, threads, precision }),
  };
}

type Tensors = Pick<Backend, 'name' | 'numerics' | 'device'> & { note?: string };

function withTensors(tensors: Tensors, threads: number): Backend {
  return {
    ...tensors,
    kernel: null,
    threads: tensors.name === 'tfjs-wasm' ? 1 : threads,
    attention: (precision) => tensorAttention(precision),
  };
}

function tensorAttention(precision: Precision = 'float32'): BlockAttention {
  if (precision === 'float32') return new TensorBlockAttention();
  throw new UnavailableError(
    `Attention in ${precision} needs the compiled kernels, which are not in use here.`,
    'Train with precision float32, or see `doctor` for why the kernels are missing.',
  );
}

async function startTensors(wanted: Config['backend'], threads: number, compiled: boolean): Promise<Tensors> {
  if (wanted === 'wasm') return startWasm('RINGWATT_BACKEND asks for WebAssembly');
  // On a processor the kernels do all of the work: its own library would only take memory.
  if (wanted === 'auto' && compiled && !nativeIsForGpu()) return startWasm();
  const native = await startNativeTensorflow(threads);
  if ('name' in native) return native;
  if (wanted === 'auto') return startWasm(native.note);
  throw new UnavailableError(
    `RINGWATT_BACKEND asks for TensorFlow's own library: ${native.note}.`,
    'Run `setup tensorflow`, or leave RINGWATT_BACKEND out.',
  );
}

async function startWasm(note?: string): Promise<Tensors> {
  const folder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm'));
  setWasmPaths(join(folder, sep));
  if (!(await tf.setBackend('wasm'))) {
    throw new UnavailableError(
      'The WebAssembly backend of TensorFlow.js does not start.',
      'Install the dependencies again with `npm ci`.',
    );
  }
  await tf.ready();
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  return {
    name: 'tfjs-wasm',
    numerics: `tfjs-wasm ${version_wasm} ${simd ? 'simd' : 'scalar'} f32`,
    device: 'cpu',
    ...(note === undefined ? {} : { note }),
  };
}

const notes = (...parts: (string | undefined)[]) => parts.filter(Boolean).join('. ');
