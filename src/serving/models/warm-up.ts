import type { LoadedModel } from '../engine/engine.ts';
import type { ServingPort } from '../signature.ts';
import { DTYPES, sizeOf, type ServingTensor, type TensorMap } from '../tensor.ts';

/** A run that takes longer is not tried with a whole batch: it would keep the version from its traffic for minutes. */
const QUICK_MS = 20;

/**
 * Runs every signature before a version takes traffic: graphs are compiled, weights unpacked and memory taken by then.
 * The inputs are zeros, of one row and, where that is quick, of a whole batch. A graph that does not run is refused here.
 */
export async function warmUp(model: LoadedModel, maxRows: number): Promise<void> {
  for (const [name, { inputs }] of model.signatures) {
    await model.run(name, zeros(inputs, 1));
    const started = performance.now();
    await model.run(name, zeros(inputs, 1));
    if (performance.now() - started > QUICK_MS) continue;
    await model.run(name, zeros(inputs, maxRows));
  }
}

function zeros(ports: readonly ServingPort[], rows: number): TensorMap {
  return new Map(ports.map((port) => [port.name, zero(port, rows)]));
}

function zero({ dtype, shape }: ServingPort, rows: number): ServingTensor {
  const sizes = (shape ?? [-1]).map((size, axis) => (size >= 0 ? size : axis === 0 ? rows : 1));
  const length = sizeOf(sizes);
  const data =
    dtype === 'string' ? Array.from({ length }, () => new Uint8Array(0)) : new DTYPES[dtype].array(length);
  return { dtype, shape: sizes, data };
}
