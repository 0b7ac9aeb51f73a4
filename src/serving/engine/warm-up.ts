import type { Bounds, Runner } from './runner.ts';
import type { ServingPort } from '../signature.ts';
import { DTYPES, sizeOf, type ServingTensor, type TensorMap } from '../tensor.ts';

/** A row that takes longer is not tried in a whole batch: it would keep the version from its traffic for minutes. */
const SLOW_MS = 20;
/** Compiled code comes with repetition: so much processor time is spent on it. */
const WARMING_MS = 100;

type Warmed = Pick<Runner, 'signatures' | 'bounds' | 'run'>;

/**
 * Runs every signature before a version takes traffic: graphs are compiled, weights unpacked and memory taken by then.
 * The inputs are zeros but for a float in each row that tells it from the others (the greatest value where there are
 * bounds), of one row and, where that is quick, of a whole batch. A graph that does not run is refused here. Resolves to what a batch of the slowest signature takes of this
 * thread's processor time, in milliseconds, however busy the machine is; Infinity where one row is slow.
 */
export async function warmUp({ signatures, bounds, run }: Warmed, maxRows: number): Promise<number> {
  let slowest = 0;
  for (const [name, { inputs }] of signatures) {
    const timed = async (count: number) => {
      const given = samples(inputs, count, bounds ?? new Map());
      const before = process.threadCpuUsage();
      await run(name, given);
      const { user, system } = process.threadCpuUsage(before);
      return (user + system) / 1000;
    };
    await timed(1);
    if ((await timed(1)) > SLOW_MS) {
      slowest = Infinity;
      continue;
    }
    let fastest = Infinity;
    for (let spent = 0; spent < WARMING_MS;) {
      const batch = await timed(maxRows);
      fastest = Math.min(fastest, batch);
      // Even a graph that does nothing comes to an end.
      spent += Math.max(batch, 1);
    }
    slowest = Math.max(slowest, fastest);
  }
  return slowest;
}

function samples(ports: readonly ServingPort[], rows: number, bounds: Bounds): TensorMap {
  return new Map(ports.map((port) => [port.name, sample(port, rows, bounds.get(port.name)?.[1] ?? 0)]));
}

function sample({ dtype, shape }: ServingPort, rows: number, value: number): ServingTensor {
  const sizes = (shape ?? [-1]).map((size, axis) => (size >= 0 ? size : axis === 0 ? rows : 1));
  const length = sizeOf(sizes);
  if (dtype === 'string')
    return { dtype, shape: sizes, data: Array.from({ length }, () => new Uint8Array(0)) };
  const data = new DTYPES[dtype].array(length);
  if (dtype === 'float32' || dtype === 'float64') tellRowsApart(data as Float32Array, sizes[0] ?? 1);
  // Only inputs of integers of 32 bits have bounds; zeros are there already.
  if (value !== 0) (data as Int32Array).fill(value);
  return { dtype, shape: sizes, data };
}

/** Equal rows may be computed once, and a whole batch of them would pass for one row. */
function tellRowsApart(data: Float32Array, rows: number): void {
  for (let row = 0; row < rows; row++) data[(row * data.length) / rows] = row;
}
