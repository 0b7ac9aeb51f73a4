import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { loadConfig, type Config } from '../config/config.ts';
import { UnavailableError } from '../errors.ts';
import { startNativeTensorflow } from './native-tensorflow.ts';

/** What computes. `numerics` decides whether two slots give the same bits and may share a ring. */
export interface Backend {
  name: 'tfjs-wasm' | 'tfjs-native';
  /** Such as `tfjs-wasm 4.22.0 simd f32`. */
  numerics: string;
  device: string;
  /** Threads that a process computes with. */
  threads: number;
  /** Why the native backend is not in use; absent when it is. */
  note?: string;
}

const require = createRequire(import.meta.url);

let started: Promise<Backend> | undefined;

/** Starts TensorFlow.js once a process, on the backend that RINGWATT_BACKEND names. */
export function startBackend(): Promise<Backend> {
  started ??= start(loadConfig().backend);
  return started;
}

async function start(wanted: Config['backend']): Promise<Backend> {
  if (wanted === 'wasm') return startWasm('RINGWATT_BACKEND asks for WebAssembly');
  const native = await startNativeTensorflow(availableParallelism());
  if ('name' in native) return native;
  if (wanted === 'auto') return startWasm(native.note);
  throw new UnavailableError(
    `RINGWATT_BACKEND asks for TensorFlow's own library: ${native.note}.`,
    'Run `setup tensorflow`, or leave RINGWATT_BACKEND out.',
  );
}

async function startWasm(note: string): Promise<Backend> {
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
    threads: 1,
    note,
  };
}
