import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { startBuild } from './native.ts';
import { LIBRARIES } from './build-place.ts';

// Run as a program: `node probe.ts FOLDER` loads the build there, has it compute, and prints what it computes on.
const SIZE = 64;

async function probe(folder = '') {
  const kind = existsSync(join(folder, LIBRARIES, 'nvidia')) ? 'cuda' : 'cpu';
  const native = await startBuild(folder, kind, availableParallelism());
  if (!('device' in native)) throw new Error(native.note);
  const [twos, threes] = [2, 3].map((value) => tf.mul(tf.ones([SIZE, SIZE]), value));
  const product = tf.matMul(twos!, threes!).dataSync();
  if (!product.every((value) => value === 6 * SIZE)) {
    throw new Error(`a product that is ${6 * SIZE} came out as ${product[0]}`);
  }
  return native;
}

try {
  process.stdout.write(`${JSON.stringify(await probe(process.argv[2]))}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
