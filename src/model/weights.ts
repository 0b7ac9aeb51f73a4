import { CorruptArtifactError } from '../errors.ts';
import { tensor, type Tensor } from '../lake/safetensors.ts';
import { viewOf, type ParameterLayout } from './parameters.ts';

/** Each parameter under its name, as any reader of safetensors expects it. */
export function namedTensors(flat: Float32Array, layout: ParameterLayout): Record<string, Tensor> {
  return Object.fromEntries(
    layout.parameters.map((parameter) => [parameter.name, tensor(viewOf(flat, parameter), parameter.shape)]),
  );
}

/** The reverse; `path` names the file in complaints. */
export function flatWeights(
  tensors: ReadonlyMap<string, Tensor>,
  layout: ParameterLayout,
  path: string,
): Float32Array {
  const flat = new Float32Array(layout.size);
  for (const parameter of layout.parameters) {
    const found = tensors.get(parameter.name);
    if (found?.dtype !== 'F32' || found.shape.join() !== parameter.shape.join()) {
      throw new CorruptArtifactError(
        `${path} has no tensor ${parameter.name} of shape ${parameter.shape.join(' × ')}.`,
        'Train the model again, or restore the file from a backup.',
      );
    }
    viewOf(flat, parameter).set(found.data as Float32Array);
  }
  return flat;
}
