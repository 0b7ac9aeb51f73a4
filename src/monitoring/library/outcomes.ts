import { BadInputError } from '../../errors.ts';

export type Label = string | number | boolean;

/** What a model said, and what came of it: numbers for a regressor (`actuals`), classes for a classifier (`labels`). */
export interface Outcomes {
  predictions?: ArrayLike<number> | readonly Label[] | undefined;
  actuals?: ArrayLike<number> | undefined;
  labels?: readonly Label[] | undefined;
}

export type Judged =
  | { type: 'regressor'; predictions: Float64Array; actuals: Float64Array }
  | { type: 'classifier'; predictions: readonly Label[]; actuals: readonly Label[] };

/** Predictions with their outcomes, one a row; null where either is not given. */
export function judgedOf({ predictions, actuals, labels }: Outcomes, rows: number): Judged | null {
  if (actuals && labels) {
    throw new BadInputError(
      'There are actuals and labels.',
      'Give `actuals` of a regressor, or `labels` of a classifier.',
    );
  }
  requireRows('predictions', predictions, rows);
  requireRows('actuals', actuals, rows);
  requireRows('labels', labels, rows);
  if (!predictions) return null;
  if (labels) {
    const gone = [...labels.keys()].find((row) => isMissing(labels[row]) || isMissing(predictions[row]));
    if (gone !== undefined) {
      throw new BadInputError(
        `Row ${gone + 1} lacks ${isMissing(labels[gone]) ? 'its label' : 'a prediction'}.`,
        'Leave out rows without either.',
      );
    }
    return { type: 'classifier', predictions: Array.from(predictions as Label[]), actuals: labels };
  }
  if (!actuals) return null;
  const numbers = Float64Array.from(predictions as ArrayLike<number>, orNaN);
  const outcomes = Float64Array.from(actuals, orNaN);
  if (!numbers.every(Number.isFinite) || !outcomes.every(Number.isFinite)) {
    throw new BadInputError(
      'Not every prediction and actual value is a finite number.',
      'Leave out rows without either, or give `labels` of a classifier.',
    );
  }
  return { type: 'regressor', predictions: numbers, actuals: outcomes };
}

const isMissing = (value: unknown) => value === null || value === undefined || Number.isNaN(value);
/** A missing number must not become 0. */
const orNaN = (value: number) => (isMissing(value) ? Number.NaN : value);

/** One a row: what came less what was said; of a classifier 1 where it was wrong. */
export function residualsOf(judged: Judged): Float64Array {
  const { predictions, actuals } = judged;
  return Float64Array.from(predictions as readonly Label[], (said, i) =>
    judged.type === 'regressor' ? judged.actuals[i]! - (said as number) : Number(said !== actuals[i]),
  );
}

function requireRows(what: string, values: ArrayLike<unknown> | undefined, rows: number): void {
  if (!values || values.length === rows) return;
  throw new BadInputError(`There are ${values.length} ${what} for ${rows} rows.`, 'Give one a row.');
}
