import type pl from 'nodejs-polars';
import { EnergyFeatureEngineer } from '../features/engineer.ts';
import { SequenceGenerator, type EnergySequences, type SequenceOptions } from './generator.ts';

export interface DatasetOptions extends SequenceOptions {
  /** Default: one with default settings and the dtype asked for. */
  featureEngineer?: EnergyFeatureEngineer;
}

export interface SequenceDataset {
  sequences: EnergySequences;
  /** The feature table the sequences were cut from. */
  features: pl.DataFrame;
}

/**
 * Features and sequences in one go: 1,008 hours of the six columns become 35 sequences of 168 hours × 149 features.
 * @throws BadInputError as `createAllFeatures` and `createSequences` do
 */
export function createEnergySequenceDataset(
  frame: pl.DataFrame,
  { featureEngineer, ...options }: DatasetOptions = {},
): SequenceDataset {
  const engineer = featureEngineer ?? new EnergyFeatureEngineer({ dtype: options.dtype ?? 'float32' });
  const features = engineer.createAllFeatures(frame);
  return { features, sequences: new SequenceGenerator(options).createSequences(features) };
}
