import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the project itself: sources, shipped data, its `.cache`. */
export const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Where the set-up (bin/kernels.mjs) puts the kernels that it builds. */
export const KERNEL_PLACE = join(PROJECT_ROOT, '.cache', 'kernels');

/** Where this user keeps what may be fetched again; shared by all clones. XDG_CACHE_HOME, else ~/.cache. */
export function userCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'ringwatt');
}

/** The folders that commands are looked for in. */
export function commandFolders(environment: NodeJS.ProcessEnv = process.env): string[] {
  return (environment['PATH'] ?? '').split(':').filter(Boolean);
}

/** The environment of a child that is no part of Ringwatt, with some variables of its own. */
export function inheritedEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...extra };
}

/**
 * The environment of a process that computes. Its large arrays come in huge pages where the system leaves that to the
 * program (glibc's `malloc.hugetlb`): 4 KiB at a time, the faults of fresh arrays took a quarter of attention's time on
 * two threads.
 */
export function computingEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const environment = inheritedEnvironment(extra);
  environment['GLIBC_TUNABLES'] ??= 'glibc.malloc.hugetlb=1';
  return environment;
}

/** The GPUs that this process may see, as NVIDIA's libraries read it: numbers or ids, in order; absent: all. */
export function visibleGpus(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return environment['CUDA_VISIBLE_DEVICES'];
}

/**
 * What TensorFlow's library reads from the environment, set before it is loaded. What a person has set stands, but for
 * the threads, which are Ringwatt's to divide among slots, and oneDNN, which decides the bits of a product.
 */
export function prepareForTensorflow(threads: number): void {
  process.env['TF_NUM_INTRAOP_THREADS'] = String(threads);
  process.env['TF_ENABLE_ONEDNN_OPTS'] = '1';
  // Its notes about the processor are no news; errors still show.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  // It takes all of a GPU's memory otherwise, and a second slot on that GPU would get none.
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  // So that the numbers of CUDA_VISIBLE_DEVICES are those that nvidia-smi shows.
  process.env['CUDA_DEVICE_ORDER'] ??= 'PCI_BUS_ID';
}
