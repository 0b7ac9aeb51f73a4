import { z } from 'zod';
import type { Manifest } from '../../contracts/artifact.ts';
import type { RollingUnit } from '../../contracts/rolling-backtest.ts';
import { CorruptArtifactError, describeIssues } from '../../errors.ts';
import type { Work } from '../../lake/artifacts.ts';

/** Raised when the same settings would give other predictions: a forecaster has changed, or what it is fitted on. */
const VERSION = 1;

/** What a unit of work is called, wherever it is looked for. */
export function workOfUnit({ sequences, fitted, ...settings }: RollingUnit): Work {
  return {
    kind: 'predictions',
    stage: 'backtestStretch',
    version: VERSION,
    settings,
    inputs: fitted ? [sequences, fitted] : [sequences],
  };
}

const predictionsDetails = z.looseObject({
  levels: z.array(z.number()).min(1),
  /** Issues a region that were fitted on. */
  fitIssues: z.record(z.string(), z.number().int()),
});
export type PredictionsDetails = z.infer<typeof predictionsDetails>;

export function predictionsDetailsOf({ key, details }: Manifest): PredictionsDetails {
  const parsed = predictionsDetails.safeParse(details);
  if (parsed.success) return parsed.data;
  throw new CorruptArtifactError(
    `The predictions manifest ${key} lacks what a backtest needs (${describeIssues(parsed.error.issues)}).`,
    'Delete it and run the backtest again.',
  );
}
