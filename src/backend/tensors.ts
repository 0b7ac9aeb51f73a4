import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import type { Config } from '../config/config.ts';
import { UnavailableError } from '../errors.ts';
import { nativeIsForGpu, startNativeTensorflow } from '../tensorflow/native.ts';

/** What TensorFlow.js computes with in this process. */
export interface Tensors {
  name: 'tfjs-wasm' | 'tfjs-native';
  /** Such as `tfjs-wasm 4.22.0 simd f32`: what decides the bits of its operations. */
  numerics: string;
  device: string;
  /** What is not in use that could be, and why. */
  note?: string;
}

const require = createRequire(import.meta.url);

const UNHANDLED = ['uncaughtException', 'unhandledRejection'];

/** Starts TensorFlow.js on the backend that is wanted; `compiled`: the compiled kernels compute beside it. */
export async function startTensors(
  wanted: Config['backend'],
  threads: number,
  compiled: boolean,
): Promise<Tensors> {
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
  const started = await withoutItsListeners(() => tf.setBackend('wasm'));
  if (!started) {
    throw new UnavailableError(
      'The WebAssembly backend of TensorFlow.js does not start.',
      'Install the dependencies again with `npm ci`.',
    );
  }
  await tf.ready();
  refuseWhenFull();
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  return {
    name: 'tfjs-wasm',
    numerics: `tfjs-wasm ${version_wasm} ${simd ? 'simd' : 'scalar'} f32`,
    device: 'cpu',
    ...(note === undefined ? {} : { note }),
  };
}

interface Memory {
  _malloc(bytes: number): number;
  _free(at: number): void;
}

/**
 * The memory of WebAssembly ends at 4 GB. TensorFlow.js does not look whether it was given what it asked for: it would
 * write over all that is there, the weights of every model included.
 */
function refuseWhenFull(): void {
  const { wasm } = tf.backend() as unknown as { wasm: Memory };
  // The first call puts another function in its place.
  wasm._free(wasm._malloc(1));
  const malloc = wasm._malloc;
  wasm._malloc = (bytes) => {
    // Sizes are of 32 bits: a larger one would be taken for what is left of it.
    const at = bytes < 2 ** 32 ? malloc(bytes) : 0;
    if (at === 0 && bytes > 0) throw new RangeError(`There is no memory for a tensor of ${bytes} bytes.`);
    return at;
  };
}

/** Emscripten's start adds listeners that throw what nobody caught once more: whoever else listens is then not asked. */
async function withoutItsListeners<Result>(start: () => Promise<Result>): Promise<Result> {
  const ofTheProcess: EventEmitter = process;
  const listeners = (event: string) => ofTheProcess.listeners(event) as ((...args: unknown[]) => void)[];
  const before = new Map(UNHANDLED.map((event) => [event, new Set(listeners(event))]));
  try {
    return await start();
  } finally {
    for (const [event, known] of before) {
      for (const listener of listeners(event)) if (!known.has(listener)) ofTheProcess.off(event, listener);
    }
  }
}
