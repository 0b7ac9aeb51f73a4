import { z } from 'zod';
import type { Manifest } from '../contracts/artifact.ts';
import { seriesPlan, seriesScore } from '../contracts/series.ts';
import { CorruptArtifactError, describeIssues } from '../errors.ts';
import { readArtifact } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';

const scale = z.object({ mean: z.number(), deviation: z.number() });

/** `scores.json` of a series backtest: all that a registered forecaster needs beside its weights. */
export const scoresDocument = z.object({
  plan: seriesPlan,
  scores: z.array(seriesScore),
  chosen: z.string(),
  windows: z.object({ train: z.number(), validation: z.number(), test: z.number() }),
  coverage: z.number(),
  scales: z.array(scale),
  covariateScales: z.array(scale),
  /** By target: the second learned forecaster's share of the blend. */
  shares: z.array(z.number()).optional(),
  /** By target, of the chosen forecaster. */
  intervals: z.array(z.object({ lower: z.array(z.number()), upper: z.array(z.number()) })),
  /** By forecaster: mean squared error on the test part by step ahead, over all targets. */
  bySteps: z.record(z.string(), z.array(z.number())),
});
export type ScoresDocument = z.infer<typeof scoresDocument>;

/** The scores of a backtest's manifest, checked against their hash. */
export async function readScores(home: Home, { key, files }: Manifest): Promise<ScoresDocument> {
  const file = files.find(({ role }) => role === 'scores');
  const text = file && (await readArtifact(home, file)).toString('utf8');
  const parsed = scoresDocument.safeParse(text === undefined ? undefined : JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new CorruptArtifactError(
    `The series backtest ${key} has no scores (${describeIssues(parsed.error.issues)}).`,
    'Run `train --csv` again.',
  );
}
