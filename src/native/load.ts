import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { KERNEL_PLACE } from '../config/machine.ts';
import { messageOf } from '../errors.ts';
import { KERNEL_INTERFACE, type KernelExports, type Kernels } from './kernels.ts';
import { platformPackage } from './platform.ts';

/** The kernels and where they are from; or why there are none. */
export type FoundKernels = { kernels: Kernels; origin: string } | { reason: string };

const require = createRequire(import.meta.url);

let found: FoundKernels | undefined;

/** Looks once a process: what was built on this machine, then the package for this platform. */
export function findKernels(): FoundKernels {
  found ??= find();
  return found;
}

export function loadKernels(): Kernels | undefined {
  const result = findKernels();
  return 'kernels' in result ? result.kernels : undefined;
}

/** What the set-up (bin/kernels.mjs) noted of its last build. */
interface BuildRecord {
  /** Name of the library in the same folder. */
  library?: string;
  failure?: string;
}

function find(): FoundKernels {
  const record = readRecord(join(KERNEL_PLACE, 'built.json'));
  if (record?.library !== undefined) return load(join(KERNEL_PLACE, record.library), 'built here');
  const name = platformPackage();
  const installed = resolveInstalled(name);
  if (installed !== undefined) return load(installed, name);
  if (record?.failure !== undefined) {
    return { reason: `the kernels do not build here: ${record.failure}` };
  }
  return { reason: `the kernels are not built, and ${name} is not installed` };
}

/** The addon at `path`, if this processor, this Node and this version of the project can work with it. */
export function load(path: string, origin: string): FoundKernels {
  let exports: KernelExports;
  try {
    exports = require(path) as KernelExports;
  } catch (error) {
    return { reason: `the kernels (${origin}) do not load: ${firstLine(messageOf(error))}` };
  }
  const spoken = typeof exports.interfaceVersion === 'function' ? exports.interfaceVersion() : 'none';
  if (spoken !== KERNEL_INTERFACE) {
    return {
      reason: `the kernels (${origin}) are of another version: interface ${spoken}, not ${KERNEL_INTERFACE}`,
    };
  }
  const { interfaceVersion: _, cancelAll, version, variants, productInstructions, ...calls } = exports;
  // A process waits for its calls when it exits, and a block of a long sequence takes many seconds. A thread that ends
  // has no say over those of the others.
  if (isMainThread) process.once('exit', cancelAll);
  const told = { version: version(), variants: variants(), productInstructions: productInstructions() };
  return { kernels: { ...calls, ...told }, origin };
}

function readRecord(path: string): BuildRecord | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as BuildRecord) : undefined;
}

function resolveInstalled(name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}

const firstLine = (text: string) => text.split('\n')[0]!;
