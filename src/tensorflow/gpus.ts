import { visibleGpus } from '../config/machine.ts';
import { commandOnPath, runProgram } from '../stack/commands.ts';

interface Gpu {
  index: number;
  uuid: string;
  name: string;
}

/** The GPU that TensorFlow computes on in this process, for people and for the slot pool: `gpu:0 NVIDIA H200`. */
export async function describeGpu(): Promise<string> {
  return nameOfUsed(await listGpus(), visibleGpus());
}

/** The GPUs of this host; empty where nvidia-smi is not there or finds none. */
async function listGpus(): Promise<Gpu[]> {
  const path = commandOnPath('nvidia-smi');
  if (path === undefined) return [];
  const { code, stdout } = await runProgram(path, ['--query-gpu=index,uuid,name', '--format=csv,noheader']);
  return code === 0 ? parseGpus(stdout) : [];
}

/** `0, GPU-5a3b…, NVIDIA H200` a line. */
export function parseGpus(listing: string): Gpu[] {
  return listing.split('\n').flatMap((line) => {
    const found = /^\s*(\d+), (GPU-[0-9a-f-]+), (.+?)\s*$/.exec(line);
    return found ? [{ index: Number(found[1]), uuid: found[2]!, name: found[3]! }] : [];
  });
}

/**
 * The binding takes the last GPU that it sees; a slot that is bound to one sees that one alone. A list ends at its first
 * entry that names no GPU, as CUDA reads it.
 */
export function nameOfUsed(gpus: readonly Gpu[], visible: string | undefined): string {
  if (visible === undefined) return describe(gpus.at(-1)) ?? 'gpu:0';
  const entries = visible.split(',').map((entry) => entry.trim());
  const seen: (Gpu | undefined)[] = entries.map((entry) =>
    gpus.find(
      ({ index, uuid }) => entry === String(index) || (entry.startsWith('GPU-') && uuid.startsWith(entry)),
    ),
  );
  const end = seen.indexOf(undefined);
  const used = seen.slice(0, end === -1 ? seen.length : end).at(-1);
  // A MIG slice, or a host without nvidia-smi: TensorFlow has it, its name is not known.
  return describe(used) ?? `gpu:${entries[0]}`;
}

const describe = (gpu: Gpu | undefined) => gpu && `gpu:${gpu.index} ${gpu.name}`;
