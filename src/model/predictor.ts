import type { ArtifactReference } from '../contracts/artifact.ts';
import type { IssueValues } from '../sequences/issue-scaling.ts';
import { BadInputError, CorruptArtifactError } from '../errors.ts';
import { readArtifact, readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { readSafetensors } from '../lake/safetensors.ts';
import { startBackend } from '../backend/backend.ts';
import { Collectives } from '../ring/collectives.ts';
import type { BlockAttention } from '../attention/block-attention.ts';
import { modelConfig, type ModelConfig } from './config.ts';
import type { IssueHeadConfig } from './issue-parameters.ts';
import { layoutOf } from './parameters.ts';
import { Transformer, type Engine, type Tokens } from './transformer.ts';
import { flatWeights } from './weights.ts';

/** A trained model in this process: the ring code with a ring of one. */
export interface Predictor {
  regions: string[];
  channels: string[];
  horizon: number;
  /**
   * `inputs` is hours × channels, row-major and normalised as in training; the answer is hours × horizon: the
   * log-ratio of demand at each lead to the newest seasonal value known. Causal: no row depends on a later one.
   */
  predict(inputs: Float32Array, hours: number, region: string): Promise<Float32Array>;
  /** Absent in a model that only answers hour by hour. */
  issueHead: IssueHeadConfig | undefined;
  /**
   * The state of the sequence at some of its hours (M × width): all that the issue head sees of it. `at` are hours of
   * `inputs`.
   */
  states(inputs: Float32Array, hours: number, region: string, at: Int32Array): Promise<Float32Array>;
  /**
   * Quantiles of issues from the states of their newest known hours and what is known of them, standardised: log-
   * ratios to the base, M × H × levels, ascending.
   */
  issuesFrom(states: Float32Array, values: IssueValues, region: string): Float32Array;
  /** Both at once, in one pass over the sequence. */
  predictIssues(
    inputs: Float32Array,
    hours: number,
    region: string,
    at: Int32Array,
    values: IssueValues,
  ): Promise<Float32Array>;
  /** The weights in use, flat, and a model with others in their place. */
  weights: Float32Array;
  config: ModelConfig;
  withWeights(weights: Float32Array): Predictor;
  dispose(): void;
}

/** Loads the model of a training manifest, its weights checked against their hash. */
export async function loadPredictor(home: Home, training: ArtifactReference): Promise<Predictor> {
  const manifest = await readManifest(home, training, 'training');
  const file = manifest.files.find(({ role }) => role === 'weights');
  const config = modelConfig.safeParse(manifest.details['model']);
  if (!file || !config.success) {
    throw new CorruptArtifactError(`${training.uri} does not describe a model.`, 'Train the model again.');
  }
  const layout = layoutOf(config.data);
  const path = home.pathOf(file);
  const weights = flatWeights(readSafetensors(await readArtifact(home, file), path), layout, path);
  return predictorOf(config.data, weights);
}

/** A model whose weights lie in memory. */
export async function predictorOf(config: ModelConfig, weights: Float32Array): Promise<Predictor> {
  const backend = await startBackend();
  return new LoadedModel(config, weights, backend.attention());
}

class LoadedModel implements Predictor {
  readonly #model: Transformer;
  #weights: Float32Array | undefined;
  readonly #engine: Engine;

  constructor(config: ModelConfig, weights: Float32Array, attention: BlockAttention) {
    this.#model = new Transformer(config);
    this.#weights = weights;
    this.#engine = {
      ring: Collectives.alone(),
      attention,
      pause: () => new Promise((resolve) => setImmediate(resolve)),
    };
  }

  get regions() {
    return this.#model.config.regions;
  }

  get channels() {
    return this.#model.config.channels;
  }

  get horizon() {
    return this.#model.config.horizon;
  }

  get config() {
    return this.#model.config;
  }

  get issueHead() {
    return this.#model.config.issueHead;
  }

  get weights() {
    if (this.#weights) return this.#weights;
    throw new BadInputError('The model has been put away.', 'Load it again.');
  }

  async predict(inputs: Float32Array, hours: number, region: string): Promise<Float32Array> {
    const { outputScale } = this.#model.config;
    const tokens = this.#tokens(inputs, hours, region);
    const outputs = await this.#model.outputs(this.weights, tokens, this.#engine);
    return outputs.map((value) => value * outputScale);
  }

  states(inputs: Float32Array, hours: number, region: string, at: Int32Array): Promise<Float32Array> {
    return this.#model.states(this.weights, this.#tokens(inputs, hours, region), at, this.#engine);
  }

  issuesFrom(states: Float32Array, values: IssueValues, region: string): Float32Array {
    const outputs = this.#model.issuesFrom(this.weights, this.#indexOf(region), states, values);
    const { scale } = this.issueHead!;
    return outputs.map((value) => value * scale);
  }

  async predictIssues(
    inputs: Float32Array,
    hours: number,
    region: string,
    at: Int32Array,
    values: IssueValues,
  ): Promise<Float32Array> {
    return this.issuesFrom(await this.states(inputs, hours, region, at), values, region);
  }

  withWeights(weights: Float32Array): Predictor {
    return new LoadedModel(this.config, weights, this.#engine.attention);
  }

  #tokens(inputs: Float32Array, hours: number, region: string): Tokens {
    if (inputs.length !== hours * this.channels.length) {
      throw new BadInputError(
        `${inputs.length} inputs are not ${hours} hours of ${this.channels.length} channels.`,
        'Cut the inputs with the feature catalogue the model was trained with.',
      );
    }
    const positions = Int32Array.from({ length: hours }, (_, i) => i);
    return { inputs, positions, region: this.#indexOf(region) };
  }

  #indexOf(region: string): number {
    const index = this.regions.indexOf(region);
    if (index >= 0) return index;
    throw new BadInputError(
      `The model does not know the region ${region}.`,
      `It was trained on ${this.regions.join(', ')}.`,
    );
  }

  dispose(): void {
    this.#weights = undefined;
  }
}
