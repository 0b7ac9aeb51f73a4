import { BadInputError } from '../errors.ts';
import type { Parameter, ParameterLayout } from '../model/parameters.ts';

/**
 * The matrices of products: nearly all weights of a network. Gains, biases and tables by region or hour stay as they
 * are: they are few, and each of their values is added or multiplied alone, with no others that its error could cancel
 * against.
 */
export const productsOf = ({ parameters }: ParameterLayout): Parameter[] =>
  parameters.filter(({ decays, shape: [rows, columns] }) => decays && rows * columns > 0);

export function requireFinite(weights: Float32Array, { parameters }: ParameterLayout): void {
  const at = weights.findIndex((weight) => !Number.isFinite(weight));
  if (at < 0) return;
  const name = parameters.findLast(({ offset }) => offset <= at)?.name;
  throw new BadInputError(
    `The network has a weight that is no number (${name}: ${weights[at]}).`,
    'Train it again: nothing smaller can be made of it.',
  );
}
