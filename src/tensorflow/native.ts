import { createRequire, registerHooks } from 'node:module';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import nodeUtil from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { prepareForTensorflow } from '../config/machine.ts';
import { BINDING, finishedBuilds, MODULES, tfjsPackage, type BuildKind } from './build-place.ts';
import { describeGpu } from './gpus.ts';

/** TensorFlow's own library under TensorFlow.js. */
export interface NativeTensorflow {
  name: 'tfjs-native';
  numerics: string;
  /** `gpu:0 NVIDIA H200` only where TensorFlow itself has a GPU; `cpu` otherwise, whichever package it is. */
  device: string;
  threads: number;
  /** Where it is less than its package promises. */
  note?: string;
}

const require = createRequire(import.meta.url);

/** The native backend: an installed package where there is one, else what `setup tensorflow` built; or why there is none. */
export async function startNativeTensorflow(threads: number): Promise<NativeTensorflow | { note: string }> {
  const source = findInstalled() ?? findBuilt();
  if (source === undefined) {
    return {
      note: 'Neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed, and `setup tensorflow` has not built one',
    };
  }
  return start(source, threads);
}

/** Whether what would be loaded was made for GPUs; whether there is one shows when it is loaded. */
export const nativeIsForGpu = () => (findInstalled() ?? findBuilt())?.forGpu === true;

/** A build that is no build of this user yet. */
export const startBuild = (folder: string, kind: BuildKind, threads: number) =>
  start(builtIn(folder, kind), threads);

interface Source {
  /** For a person. */
  what: string;
  forGpu: boolean;
  /** Registers the backend `tensorflow` with the TensorFlow.js of this process. */
  load(): Promise<unknown>;
}

function findInstalled(): Source | undefined {
  const name = (['cuda', 'cpu'] as const).map(tfjsPackage).find(isInstalled);
  return name === undefined
    ? undefined
    : { what: name, forGpu: name === tfjsPackage('cuda'), load: () => import(name) };
}

function findBuilt(): Source | undefined {
  const [found] = finishedBuilds();
  return found && builtIn(found.folder, found.record.kind);
}

function builtIn(folder: string, kind: BuildKind): Source {
  return {
    what: `the TensorFlow built in ${folder}`,
    forGpu: kind === 'cuda',
    load: async () => registerBuild(folder, kind),
  };
}

async function start(source: Source, threads: number): Promise<NativeTensorflow | { note: string }> {
  prepareForTensorflow(threads);
  defineRemovedUtilities();
  try {
    await source.load();
    if (!(await tf.setBackend('tensorflow'))) return { note: `${source.what} offers no backend` };
  } catch (error) {
    return { note: `${source.what} does not load: ${(error as Error).message.split('\n')[0]}` };
  }
  const { binding, isUsingGpuDevice } = tf.backend() as unknown as LoadedBackend;
  const device = isUsingGpuDevice ? await describeGpu() : 'cpu';
  const model = device.replace(/:\d+/, '');
  return {
    name: 'tfjs-native',
    numerics: `tensorflow ${binding.TF_Version} ${model} f32`,
    device,
    threads,
    ...(source.forGpu && !isUsingGpuDevice
      ? { note: 'TensorFlow is built for GPUs and sees none here: it computes on the processor' }
      : {}),
  };
}

/** What tfjs-node's backend keeps in plain sight. */
interface LoadedBackend {
  isUsingGpuDevice: boolean;
  binding: { TF_Version: string };
}

const SHARED = new Set(['@tensorflow/tfjs', '@tensorflow/tfjs-core']);

type BackendClass = new (binding: unknown, packageName: string) => tf.KernelBackend;

/**
 * tfjs-node's kernels and backend, without its index, which would look for the addon by way of its installer. Its
 * files lie outside of this project and must share the TensorFlow.js of this process: two would not know each other's
 * tensors.
 */
function registerBuild(folder: string, kind: BuildKind): void {
  const inside = pathToFileURL(`${folder}${sep}`).href;
  const ours = createRequire(require.resolve('@tensorflow/tfjs'));
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      SHARED.has(specifier) && context.parentURL?.startsWith(inside)
        ? { url: pathToFileURL(ours.resolve(specifier)).href, shortCircuit: true }
        : next(specifier, context),
  });
  try {
    const packageName = tfjsPackage(kind);
    const load = createRequire(join(folder, MODULES, packageName, 'package.json'));
    load('./dist/register_all_kernels');
    const { NodeJSKernelBackend } = load('./dist/nodejs_kernel_backend') as {
      NodeJSKernelBackend: BackendClass;
    };
    const binding: unknown = load(join(folder, BINDING));
    tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, packageName), 3);
  } finally {
    hooks.deregister();
  }
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
