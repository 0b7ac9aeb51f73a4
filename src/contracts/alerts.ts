import { z } from 'zod';
import { modelName } from './stages.ts';

export const severity = z.enum(['info', 'warning', 'critical']);
export type Severity = z.infer<typeof severity>;

/** What rules are held against: numbers and names as of a moment, about one model. */
export const observation = z.strictObject({
  model: modelName,
  /** ISO 8601, UTC: when it held, which in a simulation is not when it was seen. */
  asOf: z.string(),
  /** Which watcher saw it: `drift`, `jobs`, `deployment`; a rule recovers only by an observation that has its fields. */
  source: z.string().min(1).max(60),
  /**
   * What expressions name: `psi_score`, `accuracy`, `baseline_accuracy`, `f1`, `late_hours` … A field that is absent makes
   * a rule that names it neither true nor false.
   */
  facts: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
  /** A sentence that the notice carries. */
  note: z.string().max(1000).default(''),
});
export type Observation = z.infer<typeof observation>;
