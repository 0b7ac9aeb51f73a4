import { driftThresholds, type DriftThresholds } from '../contracts/drift.ts';
import { checkInput } from './input.ts';

export interface DriftFlags {
  modelVersion?: number;
  regions?: string[];
  asOf?: string;
  windowDays?: number;
  grid?: string;
  html?: string;
  psi?: number;
  p?: number;
  accuracyDrop?: number;
  errorGrowth?: number;
  f1Drop?: number;
  reference?: string;
  current?: string;
  predictions?: string;
  actuals?: string;
  labels?: string;
}

/** Those that were given, and the defaults of the rest. */
export const thresholdsOf = ({ psi, p, accuracyDrop, errorGrowth, f1Drop }: DriftFlags): DriftThresholds =>
  checkInput(
    driftThresholds,
    { psi, ks_p_value: p, accuracy_drop: accuracyDrop, error_growth: errorGrowth, f1_drop: f1Drop },
    {
      ks_p_value: '--p',
      accuracy_drop: '--accuracy-drop',
      error_growth: '--error-growth',
      f1_drop: '--f1-drop',
    },
  );
