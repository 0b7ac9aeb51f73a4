import type { ModelConfig } from './config.ts';
import { issueHeadParameters } from './issue-parameters.ts';
import { projectionWidth, shapeOf } from './heads.ts';
import { gaussians, type Random } from './random.ts';

export interface Parameter {
  name: string;
  shape: [number, number];
  /** Where it lies in the flat array of all weights. */
  offset: number;
  /** Weight decay is for products alone: gains, biases and embeddings are left out (as in nanoGPT). */
  decays: boolean;
  /** Of the learning rate. */
  rateFactor: number;
  /** Standard deviation of its first values; `one` for gains. */
  initial: number | 'one';
}

/** All weights as one flat array, so that optimizer, all-reduce and checkpoint each are one loop. */
export interface ParameterLayout {
  parameters: Parameter[];
  byName: Map<string, Parameter>;
  size: number;
}

/** Hundreds of inputs move one output at once: at the full rate the direct path would overshoot. */
const DIRECT_RATE = 0.3;

/**
 * Output products begin at zero, so that an untrained model equals persistence; products into the residual stream
 * are scaled down by √(2·layers) (GPT-2).
 */
export function layoutOf(config: ModelConfig): ParameterLayout {
  const { channels, regions, horizon, width, layers, mlpWidth } = config;
  const intoResidual = 1 / Math.sqrt(2 * layers);
  const parameters: Parameter[] = [];
  let size = 0;
  const put = (
    name: string,
    shape: [number, number],
    initial: number | 'one',
    decays: boolean,
    rateFactor = 1,
  ) => {
    parameters.push({ name, shape, offset: size, decays, rateFactor, initial });
    size += shape[0] * shape[1];
  };
  put('embed.input', [channels.length, width], 1 / Math.sqrt(channels.length), true);
  put('embed.region', [regions.length, width], 0.5, false);
  for (let layer = 0; layer < layers; layer++) {
    put(`layer.${layer}.attention.gain`, [1, width], 'one', false);
    put(
      `layer.${layer}.attention.qkv`,
      [width, projectionWidth(shapeOf(config))],
      1 / Math.sqrt(width),
      true,
    );
    put(`layer.${layer}.attention.out`, [width, width], intoResidual / Math.sqrt(width), true);
    put(`layer.${layer}.mlp.gain`, [1, width], 'one', false);
    put(`layer.${layer}.mlp.in`, [width, mlpWidth], 1 / Math.sqrt(width), true);
    put(`layer.${layer}.mlp.bias`, [1, mlpWidth], 0, false);
    put(`layer.${layer}.mlp.out`, [mlpWidth, width], intoResidual / Math.sqrt(mlpWidth), true);
  }
  put('head.gain', [1, width], 'one', false);
  put('head.out', [width, horizon], 0, true);
  put('head.region', [regions.length, horizon], 0, false);
  put('head.direct', [channels.length, horizon], 0, true, DIRECT_RATE);
  for (const { name, shape, initial, decays, rateFactor } of config.issueHead
    ? issueHeadParameters(config.issueHead, config)
    : []) {
    put(name, shape, initial, decays, rateFactor);
  }
  return { parameters, byName: new Map(parameters.map((p) => [p.name, p])), size };
}

export function initialWeights(layout: ParameterLayout, random: Random): Float32Array {
  const weights = new Float32Array(layout.size);
  for (const { shape, offset, initial } of layout.parameters) {
    const count = shape[0] * shape[1];
    if (initial === 'one') weights.fill(1, offset, offset + count);
    else if (initial > 0) weights.set(gaussians(random, count, initial), offset);
  }
  return weights;
}

/** A view of one parameter in a flat array of the layout's size. */
export function viewOf(flat: Float32Array, { offset, shape }: Parameter): Float32Array {
  return flat.subarray(offset, offset + shape[0] * shape[1]);
}
