import type { ModelConfig } from '../model/config.ts';
import { layoutOf, viewOf } from '../model/parameters.ts';
import type { Int8Matrix } from '../model/stored-parameters.ts';
import type { Normaliser } from '../sequences/normaliser.ts';

/** A registered version's network, as it answers in a `forecast`. */
export interface RegisteredNetwork {
  model: string;
  version: number;
  /** Of the version's record. */
  sha256: string;
  config: ModelConfig;
  weights: Float32Array;
  /** Of a version whose weights are stored so: the same by name, as they are stored. */
  int8?: ReadonlyMap<string, Int8Matrix>;
  normaliser: Normaliser;
  /** Hours that it was trained to look back on. */
  sequenceLength: number;
  /** Whether quantiles of the day ahead are its answer, alone or as a member of an ensemble. */
  answersIssues: boolean;
}

/** A parameter's values and shape, by name. */
export type ParameterOf = (name: string) => StoredParameter;

export interface StoredParameter {
  data: Float32Array;
  shape: readonly number[];
  /** What `data` was made of, where that is int8. */
  int8?: Int8Matrix | undefined;
}

export function parametersOf({
  config,
  weights,
  int8,
}: Pick<RegisteredNetwork, 'config' | 'weights' | 'int8'>): ParameterOf {
  const { byName } = layoutOf(config);
  return (name) => {
    const parameter = byName.get(name)!;
    return { data: viewOf(weights, parameter), shape: parameter.shape, int8: int8?.get(name) };
  };
}

/**
 * Hours of history that an answer depends on: of layers that look back a window each, the sum of their windows is all
 * that reaches the last token.
 */
export function historyHours({
  config: { window = Infinity, layers },
  sequenceLength,
}: Pick<RegisteredNetwork, 'config' | 'sequenceLength'>): number {
  return Math.min(sequenceLength, layers * (window - 1) + 1);
}
