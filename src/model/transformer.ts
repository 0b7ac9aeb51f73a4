import type { BlockAttention } from '../ring/block-attention.ts';
import type { Collectives } from '../ring/collectives.ts';
import {
  ringAttentionBackward,
  ringAttentionForward,
  type AttentionResult,
  type LocalTokens,
} from '../ring/ring-attention.ts';
import type { ModelConfig } from './config.ts';
import { layoutOf, viewOf, type Parameter, type ParameterLayout } from './parameters.ts';
import { joinHeads, mergeHeads, partHeads, rotationOf, splitHeads, type Rotation } from './rotary.ts';
import {
  backSegment,
  embed,
  mixAndThink,
  predict,
  queriesKeysValues,
  runSegment,
  tensorOf,
  type Matrix,
  type Segment,
} from './segments.ts';

/** This rank's share of one sequence. */
export interface Tokens {
  /** tokens × channels */
  inputs: Float32Array;
  positions: Int32Array;
  /** Index into the model's regions. */
  region: number;
}

/** What computes and with whom. */
export interface Engine {
  ring: Collectives;
  attention: BlockAttention;
  pause(): Promise<void>;
}

/** The boundaries between segments, all that is kept of a forward pass: O(tokens · width · layers). */
interface LayerTrace {
  x: Float32Array;
  local: LocalTokens;
  attended: AttentionResult;
}
export interface Trace {
  layers: LayerTrace[];
  last: Float32Array;
  rotation: Rotation;
}

/**
 * A causal transformer over the tokens of a ring: pre-norm, rotary positions, heads that say at every hour the
 * log-ratios of the next `horizon` hours to their newest seasonal values.
 */
export class Transformer {
  readonly config: ModelConfig;
  readonly layout: ParameterLayout;
  readonly #headDim: number;

  constructor(config: ModelConfig) {
    this.config = config;
    this.layout = layoutOf(config);
    this.#headDim = config.width / config.heads;
  }

  /** tokens × horizon, in units of `outputScale`. Every rank must call it at the same point. */
  async forward(
    weights: Float32Array,
    tokens: Tokens,
    engine: Engine,
  ): Promise<{ outputs: Float32Array; trace: Trace }> {
    const { heads } = this.config;
    const rotation = rotationOf(tokens.positions, this.#headDim);
    const layers: LayerTrace[] = [];
    let x = this.#withInputs(tokens, embed, (segment) =>
      runSegment(segment, this.#embedArgs(weights, tokens)),
    );
    for (let layer = 0; layer < this.config.layers; layer++) {
      const qkv = runSegment(queriesKeysValues, this.#qkvArgs(weights, layer, x));
      const local: LocalTokens = {
        q: splitHeads(qkv, 0, heads, this.#headDim, rotation),
        k: splitHeads(qkv, 1, heads, this.#headDim, rotation),
        v: splitHeads(qkv, 2, heads, this.#headDim),
        positions: tokens.positions,
      };
      await engine.pause();
      const attended = await ringAttentionForward(engine.ring, engine.attention, local, this.#block(engine));
      layers.push({ x, local, attended });
      x = runSegment(mixAndThink, this.#mixArgs(weights, layer, x, attended.out));
      await engine.pause();
    }
    const outputs = this.#withInputs(tokens, predict, (segment) =>
      runSegment(segment, this.#headArgs(weights, tokens, x)),
    );
    return { outputs, trace: { layers, last: x, rotation } };
  }

  /** This rank's part of the gradient of all weights, flat; the sum over ranks is the whole. */
  async backward(
    weights: Float32Array,
    tokens: Tokens,
    trace: Trace,
    dOutputs: Float32Array,
    engine: Engine,
  ): Promise<Float32Array> {
    const { heads, width, horizon } = this.config;
    const gradient = new Float32Array(this.layout.size);
    const count = tokens.positions.length;
    const headGradients = this.#withInputs(tokens, predict, (segment) =>
      backSegment(segment, this.#headArgs(weights, tokens, trace.last), {
        data: dOutputs,
        shape: [count, horizon],
      }),
    );
    let dx = headGradients[0]!;
    this.#put(
      gradient,
      ['head.gain', 'head.out', 'head.region', 'head.direct'],
      headGradients.slice(1),
      tokens,
    );
    await engine.pause();

    for (let layer = this.config.layers - 1; layer >= 0; layer--) {
      const { x, local, attended } = trace.layers[layer]!;
      const [dMixed, dAttended, ...rest] = backSegment(
        mixAndThink,
        this.#mixArgs(weights, layer, x, attended.out),
        { data: dx, shape: [count, width] },
      );
      this.#put(gradient, mixNames(layer), rest, tokens);
      await engine.pause();
      const { dq, dk, dv } = await ringAttentionBackward(
        engine.ring,
        engine.attention,
        local,
        attended,
        partHeads(dAttended!, heads, this.#headDim),
        this.#block(engine),
      );
      const dQkv = new Float32Array(count * 3 * width);
      mergeHeads(dQkv, 0, dq, heads, this.#headDim, trace.rotation);
      mergeHeads(dQkv, 1, dk, heads, this.#headDim, trace.rotation);
      mergeHeads(dQkv, 2, dv, heads, this.#headDim);
      const [dNormed, ...projection] = backSegment(queriesKeysValues, this.#qkvArgs(weights, layer, x), {
        data: dQkv,
        shape: [count, 3 * width],
      });
      this.#put(gradient, qkvNames(layer), projection, tokens);
      dx = dMixed!.map((value, i) => value + dNormed![i]!);
      await engine.pause();
    }

    const embedGradients = this.#withInputs(tokens, embed, (segment) =>
      backSegment(segment, this.#embedArgs(weights, tokens), { data: dx, shape: [count, width] }),
    );
    this.#put(gradient, ['embed.input', 'embed.region'], embedGradients, tokens);
    return gradient;
  }

  #block(engine: Engine) {
    return { heads: this.config.heads, kvHeads: this.config.heads, headDim: this.#headDim, causal: true, pause: () => engine.pause() };
  }

  /** Segments that read the inputs hold them as a constant: they get no gradient. */
  #withInputs<T>(
    tokens: Tokens,
    make: (inputs: ReturnType<typeof tensorOf>) => Segment,
    use: (segment: Segment) => T,
  ): T {
    const inputs = tensorOf({
      data: tokens.inputs,
      shape: [tokens.positions.length, this.config.channels.length],
    });
    try {
      return use(make(inputs));
    } finally {
      inputs.dispose();
    }
  }

  #embedArgs(weights: Float32Array, tokens: Tokens): Matrix[] {
    return this.#matrices(weights, ['embed.input', 'embed.region'], tokens);
  }

  #qkvArgs(weights: Float32Array, layer: number, x: Float32Array): Matrix[] {
    return [this.#hidden(x), ...this.#matrices(weights, qkvNames(layer))];
  }

  #mixArgs(weights: Float32Array, layer: number, x: Float32Array, attended: Float32Array): Matrix[] {
    const joined = joinHeads(attended, this.config.heads, this.#headDim);
    return [this.#hidden(x), this.#hidden(joined), ...this.#matrices(weights, mixNames(layer))];
  }

  #headArgs(weights: Float32Array, tokens: Tokens, x: Float32Array): Matrix[] {
    const names = ['head.gain', 'head.out', 'head.region', 'head.direct'];
    return [this.#hidden(x), ...this.#matrices(weights, names, tokens)];
  }

  #hidden(data: Float32Array): Matrix {
    return { data, shape: [data.length / this.config.width, this.config.width] };
  }

  #matrices(weights: Float32Array, names: readonly string[], tokens?: Tokens): Matrix[] {
    return names.map((name) => {
      const parameter = this.#used(name, tokens);
      return { data: viewOf(weights, parameter), shape: parameter.shape };
    });
  }

  #put(gradient: Float32Array, names: readonly string[], values: Float32Array[], tokens: Tokens): void {
    names.forEach((name, i) => viewOf(gradient, this.#used(name, tokens)).set(values[i]!));
  }

  /** Of a parameter with a row for each region, a sequence uses one row. */
  #used(name: string, tokens?: Tokens): Parameter {
    const parameter = this.layout.byName.get(name)!;
    if (!tokens || !name.endsWith('.region')) return parameter;
    const [, columns] = parameter.shape;
    return { ...parameter, shape: [1, columns], offset: parameter.offset + tokens.region * columns };
  }
}

const qkvNames = (layer: number) => ['gain', 'qkv'].map((name) => `layer.${layer}.attention.${name}`);

const mixNames = (layer: number) => [
  `layer.${layer}.attention.out`,
  ...['gain', 'in', 'bias', 'out'].map((name) => `layer.${layer}.mlp.${name}`),
];
