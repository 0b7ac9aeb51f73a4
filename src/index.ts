/**
 * Ringwatt as a library: features, sequences and data of the home, without Temporal. Frames are those of
 * nodejs-polars.
 */
export {
  BadInputError,
  CorruptArtifactError,
  MissingDataError,
  RingwattError,
  StorageError,
} from './errors.ts';
export { REGIONS, type RegionCode } from './contracts/regions.ts';

export {
  RULES,
  VERDICTS,
  imputeFromPast,
  knownAt,
  rejudge,
  rulesWith,
  validateTable,
  type Effect,
  type Imputed,
  type QuarantinedRow,
  type RawRows,
  type RegionAccount,
  type RejudgedRow,
  type RuleChanges,
  type RuleName,
  type Rules,
  type ValidatedTable,
  type Verdict,
} from './validation/index.ts';

export { EnergyFeatureEngineer, REQUIRED_COLUMNS } from './features/engineer.ts';
export { type FeatureConfig, type FeatureOptions } from './features/config.ts';
export { catalogueHash, catalogueMarkdown, type CatalogueEntry } from './features/catalogue.ts';
export { EnergyDataLoader, type LoadOptions } from './features/loader.ts';
export { readWeatherForecasts, withWeather, type WeatherRuns } from './features/weather.ts';

export {
  SequenceGenerator,
  type Batch,
  type EnergySequences,
  type Sequence,
  type SequenceOptions,
} from './sequences/generator.ts';
export {
  RingAttentionSequenceGenerator,
  joinRingParts,
  type RingPart,
  type RingSequence,
  type RingSequenceOptions,
  type RingSequences,
} from './sequences/ring-generator.ts';
export { dealPositions, PADDING, type RingLayout } from './sequences/ring-layout.ts';
export {
  createEnergySequenceDataset,
  type DatasetOptions,
  type SequenceDataset,
} from './sequences/dataset.ts';
export type { Dtype, FloatArray, Scaling } from './sequences/hourly-matrix.ts';

export {
  ModelMonitor,
  benjaminiHochberg,
  classificationScores,
  cliffsDelta,
  cohensD,
  energyTest,
  jensenShannon,
  kolmogorovSmirnov,
  pageHinkley,
  populationStability,
  quantileBins,
  regressionAccuracy,
  wassersteinDistance,
  type DriftAlert,
  type DriftExamination,
  type FeatureDrift,
  type MonitorOptions,
  type Outcomes,
  type ResidualDrift,
  type TableInput,
} from './monitoring/index.ts';

export { ABTest, planOf, routeRequest, type Plan, type Point, type SampleSize } from './ab-test/index.ts';
export type { ABOutcome, ABResult, ABTestConfig, Variant } from './contracts/ab-test.ts';
