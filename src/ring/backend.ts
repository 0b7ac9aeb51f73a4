import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, sep } from 'node:path';
import nodeUtil from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { UnavailableError } from '../errors.ts';

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

const NATIVE_PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];
const require = createRequire(import.meta.url);

let started: Promise<Backend> | undefined;

/** Starts TensorFlow.js once a process: the native backend where its package is installed, else WASM. */
export function startBackend(): Promise<Backend> {
  started ??= startNative().then((native) => ('name' in native ? native : startWasm(native.note)));
  return started;
}

async function startNative(): Promise<Backend | { note: string }> {
  const installed = NATIVE_PACKAGES.find((name) => isInstalled(name));
  if (installed === undefined) {
    return { note: 'Neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed.' };
  }
  defineRemovedUtilities();
  try {
    await import(installed);
    if (!(await tf.setBackend('tensorflow'))) return { note: `${installed} offers no backend.` };
  } catch (error) {
    return {
      note: `${installed} is installed but does not load: ${(error as Error).message.split('\n')[0]}`,
    };
  }
  const { version } = require(`${installed}/package.json`) as { version: string };
  const gpu = installed.endsWith('-gpu');
  return {
    name: 'tfjs-native',
    numerics: `${installed.split('/')[1]} ${version} f32`,
    device: gpu ? 'gpu' : 'cpu',
    threads: availableParallelism(),
  };
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

function isInstalled(name: string): boolean {
  try {
    require.resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node 23 took away. */
function defineRemovedUtilities(): void {
  const util = nodeUtil as unknown as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
}
