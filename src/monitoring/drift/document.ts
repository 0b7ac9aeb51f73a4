import type { DriftKind, DriftThresholds } from '../../contracts/drift.ts';
import type { RegionCode } from '../../contracts/regions.ts';
import type { ConceptDrift } from './concept-drift.ts';
import type { SeriesDrift } from './input-drift.ts';
import type { JointDrift } from './joint-drift.ts';
import type { PerformanceDrift } from './performance-drift.ts';
import type { OperatorAbsent } from './operator-absent.ts';
import type { PredictionDrift } from './prediction-drift.ts';

/** A p-value among all that were asked for in one look, and what came of it. */
export interface Decided {
  /** After Benjamini and Hochberg; null where the past is too short. */
  adjustedP: number | null;
  drifted: boolean;
}

export interface RegionDrift {
  region: RegionCode;
  /** Hour stamps, UTC, both included. */
  window: { from: string; to: string };
  series: (SeriesDrift & Decided)[];
  /** All series together; null where fewer than two can be judged. */
  joint: (JointDrift & { adjustedP: number; drifted: boolean }) | null;
  prediction: (PredictionDrift & Decided) | null;
  performance: PerformanceDrift | null;
  concept: ConceptDrift | null;
  /** Where the model takes the operator’s forecast, its backtest had it and the window mostly has not. */
  operatorAbsent: OperatorAbsent | null;
  /** What could not be judged, and why. */
  notJudged: string[];
}

export interface DriftFinding {
  kind: DriftKind;
  region: RegionCode | null;
  what: string;
}

/** What a drift manifest's file of role `report` holds. */
export interface DriftDocument {
  model: { name: string; version: number };
  asOf: string;
  windowDays: number;
  thresholds: DriftThresholds;
  regions: RegionDrift[];
  findings: DriftFinding[];
  facts: Record<string, number>;
}
