import type { LoadedModel } from '../engine/engine.ts';
import type { Bounds } from '../engine/runner.ts';
import type { ServingPort } from '../signature.ts';
import { DTYPES, sizeOf, type ServingTensor, type TensorMap } from '../tensor.ts';

/** A run that takes longer is not tried with a whole batch: it would keep the version from its traffic for minutes. */
const QUICK_MS = 20;

/**
 * Runs every signature before a version takes traffic: graphs are compiled, weights unpacked and memory taken by then.
 * The inputs are zeros (the greatest value where there are bounds), of one row and, where that is quick, of a whole batch. A graph that does not run is refused here.
 */
export async function warmUp(model: LoadedModel, maxRows: number): Promise<void> {
  for (const [name, { inputs }] of model.signatures) {
    const rows = (count: number) => model.run(name, samples(inputs, count, model.bounds));
    await rows(1);
    const started = performance.now();
    await rows(1);
    if (performance.now() - started <= QUICK_MS) await rows(maxRows);
  }
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
  // Only inputs of integers of 32 bits have bounds; zeros are there already.
  if (value !== 0) (data as Int32Array).fill(value);
  return { dtype, shape: sizes, data };
}
