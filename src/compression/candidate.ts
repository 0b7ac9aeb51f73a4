import type { ModelConfig } from '../model/config.ts';

/** A network as it would be registered: the bytes of its files, and what they are read as. */
export interface Candidate {
  config: ModelConfig;
  training: Weights;
  /** One for each of the parent's forecasters, in their order. */
  forecasters: Weights[];
  /** Of a network that was trained on: the mean loss of its last steps, and the steps. */
  taught?: Taught | undefined;
}

export interface Weights {
  weights: Float32Array;
  file: Uint8Array;
}

export interface Taught {
  steps: number;
  seconds: number;
  history: { step: number; loss: number; learningRate: number; seconds: number }[];
}
