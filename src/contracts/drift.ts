import { z } from 'zod';
import { artifactReference } from './artifact.ts';
import { regionCode, regionCodes } from './regions.ts';
import { modelName } from './stages.ts';
import { hourStamp } from './time.ts';

export const driftKind = z.enum(['data', 'prediction', 'performance', 'concept']);
export type DriftKind = z.infer<typeof driftKind>;

/** Limits beyond which drift is said; those of the source documents, and for each model its own where it has any. */
export const driftThresholds = z.strictObject({
  psi: z.number().positive().default(0.25).describe('Population stability index'),
  ks_p_value: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.05)
    .describe('After Benjamini and Hochberg, over all features'),
  accuracy_drop: z.number().gt(0).lt(1).default(0.05).describe('Of a regressor accuracy is 1 − MAPE'),
  error_growth: z
    .number()
    .positive()
    .default(0.25)
    .describe('Share by which an error may grow: a drop of 0.05 is no small thing where MAPE is 0.02'),
  f1_drop: z.number().gt(0).lt(1).default(0.1).describe('Of classifiers'),
});
export type DriftThresholds = z.infer<typeof driftThresholds>;

/** What `checkDrift` is asked: the champion on the newest hours against the hours it knows. */
export const driftInput = z.strictObject({
  name: modelName.default('day-ahead'),
  version: z.number().int().positive().optional().describe('Default: the champion'),
  regions: regionCodes.optional().describe('Default: all that the model was trained on'),
  asOf: hourStamp.optional().describe('UTC; default: the newest hour of demand in the home'),
  windowDays: z.number().int().min(7).max(366).default(30),
  grid: artifactReference.optional().describe('Default: the newest record of the home'),
  thresholds: driftThresholds.prefault({}),
});
export type DriftInput = z.infer<typeof driftInput>;

export const driftResult = z.strictObject({
  dataset: artifactReference.describe('A drift manifest: the whole report as JSON, and a page'),
  reused: z.boolean(),
  model: z.strictObject({ name: modelName, version: z.number().int().positive() }),
  asOf: hourStamp,
  drifted: z.boolean(),
  /** One of each kind that was found, in a sentence. */
  findings: z
    .array(z.strictObject({ kind: driftKind, region: regionCode.nullable(), what: z.string() }))
    .max(50),
  /** What alert rules name: psi_score, ks_p_value, accuracy, baseline_accuracy, mape, baseline_mape … */
  facts: z.record(z.string(), z.number()),
});
export type DriftResult = z.infer<typeof driftResult>;
