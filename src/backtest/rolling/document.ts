import type { FitWindow, Stretch } from '../../contracts/rolling-backtest.ts';
import type { DieboldMariano } from '../metrics-diebold-mariano.ts';
import type { IntervalMeans } from '../metrics-intervals.ts';
import type { QuantileMeans } from '../metrics-quantiles.ts';
import type { HourCounts } from '../hours.ts';
import type { Metrics, RegionScores, ScoresDocument } from '../scores.ts';
import type { Breakdown } from './calendar-keys.ts';

/** By forecaster: `model`, the baselines, and the other forecasters by their names; null without a value. */
export type ByName = Record<string, number | null>;

/** Everybody's errors on the same hours. */
export interface SameHours {
  hours: number;
  /** Percent. */
  mape: ByName;
  /** MW. */
  mae: ByName;
  rmse: ByName;
  mase: ByName;
  /** Mean CRPS relative to demand, percent; a point forecast's is its MAPE. */
  crps: ByName;
  /** The model's; empty where it answers with a median alone. */
  intervals: IntervalMeans[];
}

export interface GroupScores extends SameHours {
  key: string | number;
}

/** The model against one other, by the difference of absolute percentage errors; below 0 the model is better. */
export interface AgainstOther {
  against: string;
  /** Hour by hour; errors are correlated over the hours that a forecast reaches. */
  hourly: DieboldMariano;
  /** One value an issue, its mean over the hours: as for day-ahead prices in Lago et al. (2021). */
  byIssue: DieboldMariano;
}

export interface SeedScores {
  seed: number;
  mape: number | null;
  mae: number | null;
  crps: number | null;
}

export interface Spread {
  seeds: SeedScores[];
  /** Of MAPE over the seeds; the standard deviation is null with one seed. */
  mean: number | null;
  deviation: number | null;
  least: number | null;
  most: number | null;
}

export interface RollingRegionScores extends RegionScores {
  counts: HourCounts & { withoutOperator: number };
  /** On which hours everything below was compared. */
  comparedOn: 'hours with the operator’s forecast' | 'all scored hours';
  same: SameHours;
  by: Record<Breakdown, GroupScores[]>;
  /** Of every forecaster that answers with more than a median. */
  quantiles: Record<string, QuantileMeans & { levels: number[]; intervals: IntervalMeans[] }>;
  tests: AgainstOther[];
  /** By forecaster. */
  spread: Record<string, Spread>;
}

/** What the backtest file of role `scores` holds where it was rolled; whoever knows `ScoresDocument` can read it. */
export interface RollingDocument extends ScoresDocument {
  protocol: ScoresDocument['protocol'] & { rolling: RollingProtocol };
  regions: RollingRegionScores[];
}

export interface RollingProtocol {
  /** Which forecaster `model` is. */
  model: string;
  forecasters: string[];
  window: FitWindow;
  refitDays: number;
  seeds: number[];
  stretches: (Stretch & { fitIssues: number })[];
  /** Hours from an issue to its farthest target: what correlates errors. */
  longestLead: number;
}

export const isRolling = (document: ScoresDocument): document is RollingDocument =>
  'rolling' in document.protocol;

export type { Metrics };
