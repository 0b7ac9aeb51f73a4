import type { ArtifactReference } from '../contracts/artifact.ts';
import { BadInputError, CorruptArtifactError } from '../errors.ts';
import { readArtifact, readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { readSafetensors } from '../lake/safetensors.ts';
import { startBackend } from '../backend/backend.ts';
import { Collectives } from '../ring/collectives.ts';
import type { BlockAttention } from '../attention/block-attention.ts';
import { modelConfig, type ModelConfig } from './config.ts';
import { layoutOf } from './parameters.ts';
import { Transformer, type Engine } from './transformer.ts';
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
  const backend = await startBackend();
  return new LoadedModel(config.data, weights, backend.attention());
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

  async predict(inputs: Float32Array, hours: number, region: string): Promise<Float32Array> {
    if (!this.#weights) throw new BadInputError('The model has been put away.', 'Load it again.');
    const index = this.regions.indexOf(region);
    if (index < 0) {
      throw new BadInputError(
        `The model does not know the region ${region}.`,
        `It was trained on ${this.regions.join(', ')}.`,
      );
    }
    if (inputs.length !== hours * this.channels.length) {
      throw new BadInputError(
        `${inputs.length} inputs are not ${hours} hours of ${this.channels.length} channels.`,
        'Cut the inputs with the feature catalogue the model was trained with.',
      );
    }
    const positions = Int32Array.from({ length: hours }, (_, i) => i);
    const tokens = { inputs, positions, region: index };
    const outputs = await this.#model.outputs(this.#weights, tokens, this.#engine);
    for (let i = 0; i < outputs.length; i++) outputs[i] = outputs[i]! * this.#model.config.outputScale;
    return outputs;
  }

  dispose(): void {
    this.#weights = undefined;
  }
}
