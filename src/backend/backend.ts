import { availableParallelism, cpus } from 'node:os';
import type { BlockAttention } from '../attention/block-attention.ts';
import { NativeBlockAttention } from '../attention/native-block-attention.ts';
import { TensorBlockAttention } from '../attention/tensor-block-attention.ts';
import { loadConfig, type Config } from '../config/config.ts';
import { UnavailableError } from '../errors.ts';
import { computeWith } from '../native/compiled.ts';
import { chooseKernel } from '../native/kernel.ts';
import type { Precision } from '../native/kernels.ts';
import { registerProducts } from '../native/wasm-products.ts';
import { startTensors, type Tensors } from './tensors.ts';

/**
 * What computes in this process. `numerics` decides whether two slots give the same bits and may share a ring: such as
 * `tfjs-wasm 4.22.0 simd f32, kernels 0.1.0 avx512`, with the processor where it decides the bits.
 */
export interface Backend extends Tensors {
  /** The variant of the compiled kernels that computes attention; null: TensorFlow.js does. */
  kernel: string | null;
  /** Threads that a process computes with. */
  threads: number;
  /** Computes blocks; refuses a precision that it does not have. */
  attention(precision?: Precision): BlockAttention;
}

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
  if ('note' in chosen) return withTensors(tensors, threads);
  const { kernels, variant } = chosen;
  computeWith({ kernels, threads });
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
