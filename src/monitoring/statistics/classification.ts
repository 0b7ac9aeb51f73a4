import { BadInputError } from '../../errors.ts';

export interface ClassificationScores {
  accuracy: number;
  precision: number;
  recall: number;
  f1: number;
}

/**
 * Of two classes, of the positive one; of more, the plain mean over classes (macro). A class that is never predicted has
 * precision 0, one that never occurs recall 0, as scikit-learn has it.
 */
export function classificationScores<Label extends string | number | boolean>(
  predictions: readonly Label[],
  actuals: readonly Label[],
  positive?: Label,
): ClassificationScores {
  sameLength(predictions, actuals);
  const classes = [...new Set([...predictions, ...actuals])];
  const right = predictions.filter((label, i) => label === actuals[i]).length;
  const scored = positive === undefined ? classes : [positive];
  const each = scored.map((label) => {
    let [hit, predicted, actual] = [0, 0, 0];
    for (const [i, guess] of predictions.entries()) {
      if (guess === label) predicted += 1;
      if (actuals[i] === label) actual += 1;
      if (guess === label && actuals[i] === label) hit += 1;
    }
    return {
      precision: predicted === 0 ? 0 : hit / predicted,
      recall: actual === 0 ? 0 : hit / actual,
      f1: predicted + actual === 0 ? 0 : (2 * hit) / (predicted + actual),
    };
  });
  const mean = (field: keyof (typeof each)[number]) =>
    each.reduce((sum, one) => sum + one[field], 0) / each.length;
  return {
    accuracy: right / predictions.length,
    precision: mean('precision'),
    recall: mean('recall'),
    f1: mean('f1'),
  };
}

/** A regressor's accuracy: 1 − MAPE, which is below 0 where it errs by more than what it predicts. */
export function regressionAccuracy(predictions: ArrayLike<number>, actuals: ArrayLike<number>): number {
  sameLength(predictions, actuals);
  let [sum, counted] = [0, 0];
  for (let i = 0; i < actuals.length; i++) {
    // A share of nothing is not defined.
    if (actuals[i] === 0) continue;
    sum += Math.abs((predictions[i]! - actuals[i]!) / actuals[i]!);
    counted += 1;
  }
  if (counted === 0) throw new BadInputError('Every actual value is 0.', 'A share of 0 is not defined.');
  return 1 - sum / counted;
}

function sameLength(predictions: ArrayLike<unknown>, actuals: ArrayLike<unknown>): void {
  if (predictions.length === actuals.length && actuals.length > 0) return;
  throw new BadInputError(
    `There are ${predictions.length} predictions of ${actuals.length} actual values.`,
    'Give one prediction for each actual value, and at least one.',
  );
}
