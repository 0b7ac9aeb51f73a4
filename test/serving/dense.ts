import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BATCH } from '../../src/export/graph.ts';
import { GraphBuilder } from '../../src/export/graph-builder.ts';
import { encodeSavedModel } from '../../src/export/saved-model.ts';

export const INPUTS = 3;

/** A SavedModel of y = relu(x·W + b), whose numbers tell which version answered: W is the identity times `scale`. */
export function denseModel({ scale = 2, shift = 1 } = {}): Uint8Array {
  const g = new GraphBuilder();
  const x = g.input({
    name: 'x',
    dtype: 'float32',
    shape: [BATCH, INPUTS],
    axes: ['batch', 'inputs'],
    unit: '1',
    about: 'x',
  });
  const identity = Float32Array.from({ length: INPUTS ** 2 }, (_, i) => (i % (INPUTS + 1) === 0 ? scale : 0));
  const product = g.matmul(x, g.constant('w', identity, [INPUTS, INPUTS]));
  const shifted = g.add(product, g.constant('b', new Float32Array(INPUTS).fill(shift), [INPUTS]));
  g.output({ name: 'y', axes: ['batch', 'outputs'], unit: '1', about: 'y' }, g.maximum(shifted, 0));
  return encodeSavedModel(g.build());
}

/** What it answers to one row. */
export const denseAnswer = (row: readonly number[], { scale = 2, shift = 1 } = {}) =>
  row.map((value) => Math.max(0, Math.fround(value) * scale + shift));

/** Puts a version into a folder of versions, whole at once, as whoever copies models to a server should. */
export async function placeVersion(folder: string, version: number, bytes: Uint8Array): Promise<void> {
  const place = join(folder, String(version));
  const aside = join(dirname(folder), `.${version}.${process.pid}`);
  await mkdir(aside, { recursive: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(aside, 'saved_model.pb'), bytes);
  await rename(aside, place);
}
