import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BATCH } from '../../src/export/graph.ts';
import { GraphBuilder } from '../../src/export/graph-builder.ts';
import { encodeSavedModel } from '../../src/export/saved-model.ts';

/** The network of the figures against peers: 168 hours of 8 inputs, two layers of 256, a day of answers. */
export const HOURS = 168;
export const INPUTS = 8;
const HIDDEN = 256;
export const OUTPUTS = 24;
const WIDTHS = [HOURS * INPUTS, HIDDEN, HIDDEN, OUTPUTS];

export interface Layer {
  /** Row-major, inputs × outputs. */
  weights: Float32Array;
  bias: Float32Array;
  inputs: number;
  outputs: number;
}

/** Uniform, scaled so that values keep their size from layer to layer (He et al. 2015). */
export function layers(random: () => number): Layer[] {
  return WIDTHS.slice(1).map((outputs, at) => {
    const inputs = WIDTHS[at]!;
    const scale = Math.sqrt(6 / inputs);
    return {
      weights: Float32Array.from({ length: inputs * outputs }, () => (random() * 2 - 1) * scale),
      bias: Float32Array.from({ length: outputs }, () => (random() * 2 - 1) * 0.1),
      inputs,
      outputs,
    };
  });
}

/** `<folder>/<version>/saved_model.pb`, as TensorFlow Serving lays out versions. */
export async function writeSavedModel(folder: string, network: readonly Layer[], version = 1): Promise<void> {
  const graph = new GraphBuilder();
  const x = graph.input({
    name: 'x',
    dtype: 'float32',
    shape: [BATCH, HOURS, INPUTS],
    axes: ['batch', 'hours', 'inputs'],
    unit: '',
    about: 'a week of hours',
  });
  let y = graph.reshape(x, [BATCH, HOURS * INPUTS]);
  for (const [at, { weights, bias, inputs, outputs }] of network.entries()) {
    y = graph.matmul(y, graph.constant(`w${at}`, weights, [inputs, outputs]));
    y = graph.add(y, graph.constant(`b${at}`, bias, [outputs]));
    if (at < network.length - 1) y = graph.maximum(y, 0);
  }
  graph.output({ name: 'y', axes: ['batch', 'hours'], unit: '', about: 'a day of hours' }, y);
  await mkdir(join(folder, String(version)), { recursive: true });
  await writeFile(join(folder, String(version), 'saved_model.pb'), encodeSavedModel(graph.build()));
}

/** The same weights for the peers: float32, little-endian, layer after layer, weights before bias. */
export async function writeWeights(path: string, network: readonly Layer[]): Promise<void> {
  const parts = network.flatMap(({ weights, bias }) => [
    Buffer.from(weights.buffer),
    Buffer.from(bias.buffer),
  ]);
  await writeFile(path, Buffer.concat(parts));
}

/** What the network answers, in double precision: the yardstick for all sides. */
export function answerOf(network: readonly Layer[], x: ArrayLike<number>): number[] {
  let values = Array.from(x, Math.fround);
  for (const [at, { weights, bias, inputs, outputs }] of network.entries()) {
    const sums = Array.from(bias);
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) sums[o]! += values[i]! * weights[i * outputs + o]!;
    }
    values = at < network.length - 1 ? sums.map((sum) => Math.max(sum, 0)) : sums;
  }
  return values;
}
