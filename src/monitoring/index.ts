/** Drift of any model's inputs, answers and errors, as a library. */
export { ModelMonitor, type DriftExamination, type MonitorOptions } from './library/model-monitor.ts';
export type { DriftAlert } from './library/alerts.ts';
export type { FeatureDrift } from './library/feature-drift.ts';
export type { ResidualDrift } from './library/concept.ts';
export type { Label, Outcomes } from './library/outcomes.ts';
export type { TableInput } from './library/table.ts';
export { benjaminiHochberg } from './statistics/benjamini-hochberg.ts';
export { quantileBins, type Bins } from './statistics/bins.ts';
export { chiSquareOfCounts, countCategories } from './statistics/chi-square.ts';
export { classificationScores, regressionAccuracy } from './statistics/classification.ts';
export { cliffsDelta, cohensD } from './statistics/effect-size.ts';
export { energyTest } from './statistics/energy-distance.ts';
export { jensenShannon } from './statistics/jensen-shannon.ts';
export { kolmogorovSmirnov } from './statistics/kolmogorov-smirnov.ts';
export { pageHinkley } from './statistics/page-hinkley.ts';
export { populationStability } from './statistics/population-stability.ts';
export { wassersteinDistance } from './statistics/wasserstein.ts';
