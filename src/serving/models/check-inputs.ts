import type { Bounds } from '../engine/runner.ts';
import { invalidArgument } from '../problem.ts';
import type { ServingPort, ServingSignature } from '../signature.ts';
import { DTYPES, type ServingTensor, type TensorMap } from '../tensor.ts';

/** @throws ServingProblem INVALID_ARGUMENT that names the input, where they are not what the signature takes */
export function checkInputs(inputs: TensorMap, { inputs: ports }: ServingSignature): void {
  for (const port of ports) {
    const given = inputs.get(port.name);
    if (!given) throw invalidArgument(`The input ${port.name} is missing. Inputs: ${namesOf(ports)}.`);
    checkOne(given, port);
  }
  if (inputs.size === ports.length) return;
  const known = new Set(ports.map(({ name }) => name));
  const foreign = [...inputs.keys()].find((name) => !known.has(name))!;
  throw invalidArgument(
    `There is no input ${JSON.stringify(foreign.slice(0, 60))}. Inputs: ${namesOf(ports)}.`,
  );
}

/** @throws ServingProblem INVALID_ARGUMENT of a value out of what the model takes */
export function checkBounds(inputs: TensorMap, bounds: Bounds): void {
  for (const [name, [least, most]] of bounds) {
    for (const value of (inputs.get(name)?.data ?? []) as Iterable<number>) {
      if (value >= least && value <= most) continue;
      throw invalidArgument(`A value of ${name} is ${value}, and must be ${least} to ${most}.`);
    }
  }
}

/** @throws ServingProblem INVALID_ARGUMENT of an output that is not there */
export function checkOutputs(outputs: readonly string[], { outputs: ports }: ServingSignature): void {
  const foreign = outputs.find((name) => !ports.some((port) => port.name === name));
  if (foreign === undefined) return;
  throw invalidArgument(
    `There is no output ${JSON.stringify(foreign.slice(0, 60))}. Outputs: ${namesOf(ports)}.`,
  );
}

const namesOf = (ports: readonly ServingPort[]) => ports.map(({ name }) => name).join(', ');

function checkOne({ dtype, shape }: ServingTensor, port: ServingPort): void {
  if (dtype !== port.dtype) {
    throw invalidArgument(
      `The input ${port.name} is ${DTYPES[dtype].tensorflow}; it takes ${spelled(port)}.`,
    );
  }
  if (isOfShape(shape, port)) return;
  throw invalidArgument(
    `The input ${port.name} is of shape [${shape.join(', ')}]; it takes ${spelled(port)}.`,
  );
}

/** Whether a tensor is what the port's type and shape say. */
export const isOf = ({ dtype, shape }: ServingTensor, port: ServingPort): boolean =>
  dtype === port.dtype && isOfShape(shape, port);

const isOfShape = (shape: readonly number[], port: ServingPort): boolean =>
  port.shape === null ||
  (port.shape.length === shape.length && port.shape.every((size, i) => size < 0 || size === shape[i]));

/** Such as `DT_FLOAT [any, 24]`. */
function spelled({ dtype, shape }: ServingPort): string {
  const sizes = shape?.map((size) => (size < 0 ? 'any' : size)).join(', ') ?? 'any shape';
  return `${DTYPES[dtype].tensorflow} [${sizes}]`;
}
