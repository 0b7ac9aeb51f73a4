import { CorruptArtifactError } from '../errors.ts';
import { tensor, type Tensor } from '../lake/safetensors.ts';
import { viewOf, type ParameterLayout } from './parameters.ts';
import { readParameter } from './stored-parameters.ts';

/** Each parameter under its name, as any reader of safetensors expects it. */
export function namedTensors(flat: Float32Array, layout: ParameterLayout): Record<string, Tensor> {
  return Object.fromEntries(
    layout.parameters.map((parameter) => [parameter.name, tensor(viewOf(flat, parameter), parameter.shape)]),
  );
}

/** The reverse, however the parameters are stored; `path` names the file in complaints. */
export function flatWeights(
  tensors: ReadonlyMap<string, Tensor>,
  layout: ParameterLayout,
  path: string,
): Float32Array {
  const flat = new Float32Array(layout.size);
  for (const parameter of layout.parameters) {
    const read = readParameter(tensors, parameter, viewOf(flat, parameter));
    if (read === true) continue;
    throw new CorruptArtifactError(
      `${path} ${read}.`,
      'Train the model again, or restore the file from a backup.',
    );
  }
  return flat;
}
