import type { BlockAttention } from '../attention/block-attention.ts';
import type { Collectives } from '../ring/collectives.ts';
import type { Travel } from '../ring/wire.ts';
import { BadInputError } from '../errors.ts';
import type { IssueValues } from '../sequences/issue-scaling.ts';
import { chunksOf, rowsOf, type Chunk } from './chunks.ts';
import type { ModelConfig } from './config.ts';
import { shapeOf } from './heads.ts';
import {
  backIssueHead,
  rowsAt,
  runIssueHead,
  runOnStates,
  type IssueBatch,
  type IssueTrace,
} from './issue-head.ts';
import type { IssueHeadConfig } from './issue-parameters.ts';
import {
  attend,
  backLayer,
  causalBlock,
  matrixOf,
  putAway,
  think,
  type Attended,
  type Pass,
} from './layer.ts';
import { ParameterViews } from './parameter-views.ts';
import { layoutOf, type ParameterLayout } from './parameters.ts';
import { rotationOf, type Rotation } from './rotary.ts';
import { backSegment, embed, predict, runSegment, type Matrix } from './segments.ts';
import { Workspace } from './workspace.ts';

/** This rank's share of one sequence. */
export interface Tokens {
  /** tokens × channels */
  inputs: Float32Array;
  positions: Int32Array;
  /** Index into the model's regions. */
  region: number;
  /** To be answered by the issue head of a model that has one. */
  issues?: IssueBatch | undefined;
}

/** What computes and with whom. */
export interface Engine {
  ring: Collectives;
  attention: BlockAttention;
  /** What goes around the ring; default float32. */
  travel?: Travel;
  pause(): Promise<void>;
}

/**
 * What is kept of a forward pass: O(tokens · width · layers). Without `attended` it is computed again on the way
 * back, to the same bits (gradient checkpointing, Chen et al. 2016, arXiv:1604.06174).
 */
export interface Trace {
  layers: { x: Float32Array; attended: Attended | undefined }[];
  last: Float32Array;
  issues: IssueTrace | undefined;
}

/** What a model puts out, in units of its scales. */
export interface Outputs {
  /** tokens × horizon */
  hourly: Float32Array;
  /** M × H × quantiles of the issues that were asked for. */
  issues: Float32Array;
}

const EMBED = ['embed.input', 'embed.region'];
const NONE = new Float32Array(0);
const HEAD = ['head.gain', 'head.out', 'head.region', 'head.direct'];

/**
 * A causal transformer over the tokens of a ring: pre-norm, rotary positions, heads that say at every hour the
 * log-ratios of the next `horizon` hours to their newest seasonal values. Between attentions it works chunk by chunk,
 * so that what it holds beyond its trace does not grow with the sequence.
 */
export class Transformer {
  readonly config: ModelConfig;
  readonly layout: ParameterLayout;
  readonly #widest: number | undefined;
  readonly #space = new Workspace();
  #turned: { positions: Int32Array; rotation: Rotation } | undefined;

  /** `widest`: floats of the largest array that a chunk may hold. */
  constructor(config: ModelConfig, { widest }: { widest?: number } = {}) {
    this.config = config;
    this.#widest = widest;
    this.layout = layoutOf(config);
  }

  /** Every rank must call it at the same point; how many issues it asks for is its own matter. */
  async forward(
    weights: Float32Array,
    tokens: Tokens,
    engine: Engine,
    { checkpointing = false }: { checkpointing?: boolean } = {},
  ): Promise<{ outputs: Outputs; trace: Trace }> {
    const pass = this.#pass(weights, tokens, engine);
    const { layers, last } = await this.#layers(pass, tokens, checkpointing ? 'inputs' : 'all');
    const hourly = await this.#heads(pass, tokens, last);
    const { outputs: issues = NONE, trace } = this.#issues(pass, tokens, last) ?? {};
    return { outputs: { hourly, issues }, trace: { layers, last, issues: trace } };
  }

  /** What `forward` puts out at every hour, when nobody will ask for the way back. */
  async outputs(weights: Float32Array, tokens: Tokens, engine: Engine): Promise<Float32Array> {
    const pass = this.#pass(weights, tokens, engine);
    const { last } = await this.#layers(pass, tokens, 'nothing');
    const outputs = await this.#heads(pass, tokens, last);
    pass.space.give(last);
    return outputs;
  }

  /** What the last layer puts out at some tokens (M × width): all that the issue head sees of the sequence. */
  async states(weights: Float32Array, tokens: Tokens, at: Int32Array, engine: Engine): Promise<Float32Array> {
    const pass = this.#pass(weights, tokens, engine);
    const { last } = await this.#layers(pass, tokens, 'nothing');
    const states = rowsAt(last, at, pass.width);
    pass.space.give(last);
    return states;
  }

  /** The issue head on states of before: M × H × quantiles. */
  issuesFrom(weights: Float32Array, region: number, states: Float32Array, values: IssueValues): Float32Array {
    const views = new ParameterViews(this.layout, weights, region);
    return runOnStates(this.#issueHead(), views, states, values).outputs;
  }

  /**
   * Adds this rank's part of the gradient of all weights to `sum` (flat, as the weights); the sum over ranks is the
   * whole. Takes the trace apart as it goes, so that it can be used once.
   */
  async backward(
    weights: Float32Array,
    tokens: Tokens,
    trace: Trace,
    dOutputs: Outputs,
    engine: Engine,
    sum = new Float32Array(this.layout.size),
  ): Promise<Float32Array> {
    const pass = this.#pass(weights, tokens, engine);
    const gradient = new ParameterViews(this.layout, sum, tokens.region);
    const dx = await this.#backHeads(pass, tokens, trace.last, dOutputs.hourly, gradient);
    if (trace.issues && tokens.issues) {
      const head = this.#issueHead();
      backIssueHead(head, pass.weights, gradient, tokens.issues, trace.issues, dOutputs.issues, dx);
    }
    pass.space.give(trace.last);
    for (let layer = this.config.layers - 1; layer >= 0; layer--) {
      const { x, attended } = trace.layers.pop()!;
      await backLayer(pass, layer, x, attended ?? (await attend(pass, layer, x)), dx, gradient);
      pass.space.give(x);
    }
    for (const chunk of pass.chunks) {
      const dy = matrixOf(rowsOf(dx, pass.width, chunk), pass.width);
      const segment = embed(this.#inputs(tokens, chunk));
      backSegment(segment, pass.weights.matrices(EMBED), dy, gradient.arrays(EMBED));
      await engine.pause();
    }
    pass.space.give(dx);
    return sum;
  }

  /** x before the first layer, then through all of them. */
  async #layers(pass: Pass, tokens: Tokens, keep: 'all' | 'inputs' | 'nothing') {
    const layers: Trace['layers'] = [];
    let x = pass.space.take(tokens.positions.length * pass.width);
    for (const chunk of pass.chunks) {
      const segment = embed(this.#inputs(tokens, chunk));
      runSegment(segment, pass.weights.matrices(EMBED), rowsOf(x, pass.width, chunk));
      await pass.engine.pause();
    }
    for (let layer = 0; layer < this.config.layers; layer++) {
      const attended = await attend(pass, layer, x);
      const next = await think(pass, layer, x, attended);
      if (keep !== 'nothing') layers.push({ x, attended: keep === 'all' ? attended : undefined });
      else pass.space.give(x);
      if (keep !== 'all') putAway(pass, attended);
      x = next;
    }
    return { layers, last: x };
  }

  #issues(pass: Pass, { issues }: Tokens, x: Float32Array) {
    return issues && runIssueHead(this.#issueHead(), pass.weights, x, issues);
  }

  #issueHead(): IssueHeadConfig {
    if (this.config.issueHead) return this.config.issueHead;
    throw new BadInputError(
      'The model has no issue head.',
      'Cut the sequences again and train on them: the model then answers target hours from what is known of them.',
    );
  }

  async #heads(pass: Pass, tokens: Tokens, x: Float32Array): Promise<Float32Array> {
    const { horizon } = this.config;
    const outputs = new Float32Array(tokens.positions.length * horizon);
    for (const chunk of pass.chunks) {
      const segment = predict(this.#inputs(tokens, chunk));
      runSegment(segment, this.#headArgs(pass, x, chunk), rowsOf(outputs, horizon, chunk));
      await pass.engine.pause();
    }
    return outputs;
  }

  async #backHeads(
    pass: Pass,
    tokens: Tokens,
    x: Float32Array,
    dOutputs: Float32Array,
    gradient: ParameterViews,
  ): Promise<Float32Array> {
    const dx = pass.space.take(x.length).fill(0);
    for (const chunk of pass.chunks) {
      const dy = matrixOf(rowsOf(dOutputs, this.config.horizon, chunk), this.config.horizon);
      const into = [rowsOf(dx, pass.width, chunk), ...gradient.arrays(HEAD)];
      backSegment(predict(this.#inputs(tokens, chunk)), this.#headArgs(pass, x, chunk), dy, into);
      await pass.engine.pause();
    }
    return dx;
  }

  #pass(weights: Float32Array, { positions, region }: Tokens, engine: Engine): Pass {
    this.#space.begin(positions.length);
    return {
      weights: new ParameterViews(this.layout, weights, region),
      positions,
      rotation: this.#rotation(positions),
      chunks: chunksOf(positions.length, this.config, this.#widest),
      width: this.config.width,
      block: causalBlock(this.config, engine),
      engine,
      space: this.#space,
    };
  }

  /** A run asks for the same positions in every pass. */
  #rotation(positions: Int32Array): Rotation {
    if (this.#turned?.positions !== positions) {
      this.#turned = { positions, rotation: rotationOf(positions, shapeOf(this.config).headDim) };
    }
    return this.#turned.rotation;
  }

  #headArgs(pass: Pass, x: Float32Array, chunk: Chunk) {
    return [matrixOf(rowsOf(x, pass.width, chunk), pass.width), ...pass.weights.matrices(HEAD)];
  }

  #inputs({ inputs }: Tokens, chunk: Chunk): Matrix {
    const columns = this.config.channels.length;
    return matrixOf(rowsOf(inputs, columns, chunk), columns);
  }
}
