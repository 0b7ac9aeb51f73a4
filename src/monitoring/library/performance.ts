import { randomOf } from '../../model/random.ts';
import { momentsOf } from '../statistics/effect-size.ts';
import {
  classificationScores,
  regressionAccuracy,
  type ClassificationScores,
} from '../statistics/classification.ts';
import type { Judged } from './outcomes.ts';

/** A regressor has an accuracy (1 − MAPE) alone. */
export type Scores = Pick<ClassificationScores, 'accuracy'> & Partial<ClassificationScores>;

export interface ScoresWithErrors {
  scores: Scores;
  /** Standard errors, from resampled rows; 0 where a score is given rather than measured. */
  errors: { accuracy: number; f1: number };
}

const RESAMPLES = 200;

export function scoresOf(judged: Judged): Scores {
  return judged.type === 'regressor'
    ? { accuracy: regressionAccuracy(judged.predictions, judged.actuals) }
    : classificationScores(judged.predictions, judged.actuals);
}

/** With how far they would be off by chance: a seeded bootstrap over rows (Efron, 1979). */
export function measured(judged: Judged, seed: number | string): ScoresWithErrors {
  const random = randomOf('bootstrap', seed);
  const rows = judged.actuals.length;
  const drawn = Array.from({ length: RESAMPLES }, () => {
    const chosen = Array.from({ length: rows }, () => Math.floor(random() * rows));
    return scoresOf(resampled(judged, chosen));
  });
  const error = (name: 'accuracy' | 'f1') =>
    Math.sqrt(momentsOf(drawn.map((one) => one[name] ?? 0)).variance);
  return { scores: scoresOf(judged), errors: { accuracy: error('accuracy'), f1: error('f1') } };
}

function resampled(judged: Judged, rows: readonly number[]): Judged {
  if (judged.type === 'classifier') {
    const pick = <T>(values: readonly T[]) => rows.map((row) => values[row]!);
    return { ...judged, predictions: pick(judged.predictions), actuals: pick(judged.actuals) };
  }
  const pick = (values: Float64Array) => Float64Array.from(rows, (row) => values[row]!);
  return { ...judged, predictions: pick(judged.predictions), actuals: pick(judged.actuals) };
}

/** One-sided 5 %: a drop that rows drawn again would often not show is no drop. */
const BEYOND_CHANCE = 1.645;

/** By how much a score fell, where that is more than the limit and more than chance; else null. */
export function dropOf(
  name: 'accuracy' | 'f1',
  before: ScoresWithErrors,
  now: ScoresWithErrors,
  limit: number,
): number | null {
  const [from, to] = [before.scores[name], now.scores[name]];
  if (from === undefined || to === undefined) return null;
  const drop = from - to;
  const noise = Math.hypot(before.errors[name], now.errors[name]);
  return drop > limit && drop > BEYOND_CHANCE * noise ? drop : null;
}
