import { BadInputError } from '../errors.ts';
import type { Part } from './split.ts';

/** Mean and standard deviation (of the population, as scikit-learn's StandardScaler) of the training part. */
export interface Scale {
  mean: number;
  deviation: number;
}

export function scaleOf(name: string, values: Float64Array, { from, to }: Part): Scale {
  let sum = 0;
  for (let row = from; row < to; row++) sum += values[row]!;
  const mean = sum / (to - from);
  let squares = 0;
  for (let row = from; row < to; row++) squares += (values[row]! - mean) ** 2;
  const deviation = Math.sqrt(squares / (to - from));
  if (deviation > 1e-12 * Math.abs(mean) && deviation > 0) return { mean, deviation };
  const same = values.subarray(from, to).every((value) => value === values[from]);
  throw new BadInputError(
    `Column ${name} ${same ? 'is' : 'differs by no more than rounding from'} ${values[from]} all through the training part: it cannot be standardised.`,
    'Leave it out, or split so that it varies in the training part.',
  );
}

export const standardised = (values: Float64Array, { mean, deviation }: Scale): Float64Array =>
  values.map((value) => (value - mean) / deviation);
