import type { Limits } from '../gate.ts';
import { invalidArgument } from '../problem.ts';
import type { ServingPort } from '../signature.ts';
import type { TensorMap } from '../tensor.ts';

/**
 * An input whose first axis may have any size has its rows there.
 * @throws ServingProblem INVALID_ARGUMENT
 */
export function checkRows(
  inputs: TensorMap,
  ports: readonly ServingPort[],
  { rows }: Pick<Limits, 'rows'>,
): void {
  for (const { name, shape } of ports) {
    const sent = inputs.get(name)?.shape[0];
    if (sent === undefined || sent <= rows || (shape && shape[0] !== -1)) continue;
    throw invalidArgument(`The input ${name} has ${sent} rows; one request may have ${rows}.`);
  }
}
