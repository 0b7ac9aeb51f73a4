import type { Tensor } from '../lake/safetensors.ts';
import type { Parameter } from './parameters.ts';

/**
 * What a parameter is stored as, beside its values as they are (its name alone, float32):
 * - int8: its name, int8 in its shape, and `.scale`, one float32 a column: value = integer · scale;
 * - sparse: `.mask`, a bit a value in row-major order, lowest first, and `.values`, the float32 of the set ones; the
 *   others are 0.
 */
export const stored = (name: string) => ({
  scale: `${name}.scale`,
  mask: `${name}.mask`,
  values: `${name}.values`,
});

/** A matrix whose columns have a step each. */
export interface Int8Matrix {
  values: Int8Array;
  /** One a column. */
  scales: Float32Array;
}

type Tensors = ReadonlyMap<string, Tensor>;
type Where = Pick<Parameter, 'name' | 'shape'>;

/** Puts a parameter's values into an array of its size; what is wrong, where it is not there in any form. */
export function readParameter(tensors: Tensors, parameter: Where, into: Float32Array): true | string {
  const { name, shape } = parameter;
  const plain = tensors.get(name);
  const missing = `has no tensor ${name} of shape ${shape.join(' × ')}`;
  if (plain && plain.shape.join() !== shape.join()) return missing;
  if (plain?.dtype === 'F32') {
    into.set(plain.data as Float32Array);
    return true;
  }
  if (plain?.dtype === 'I8') {
    const matrix = int8Of(tensors, parameter);
    if (!matrix) return `has no step for each column of ${name}`;
    dequantise(matrix, into);
    return true;
  }
  const [mask, values] = [tensors.get(stored(name).mask), tensors.get(stored(name).values)];
  if (mask?.dtype !== 'U8' || values?.dtype !== 'F32') return missing;
  const whole = spread(mask.data as Uint8Array, values.data as Float32Array, into);
  return whole || `has other bits than values of ${name}`;
}

/** A parameter that is stored as int8; undefined where it is not. */
export function int8Of(tensors: Tensors, { name, shape }: Where): Int8Matrix | undefined {
  const [plain, scale] = [tensors.get(name), tensors.get(stored(name).scale)];
  if (plain?.dtype !== 'I8' || scale?.dtype !== 'F32' || scale.data.length !== shape[1]) return undefined;
  const scales = scale.data as Float32Array;
  if (!scales.every((step) => step > 0 && Number.isFinite(step))) return undefined;
  return { values: plain.data as Int8Array, scales };
}

/** As float32: the product of two, rounded once, as it is everywhere. */
export function dequantise({ values, scales }: Int8Matrix, into: Float32Array): void {
  const columns = scales.length;
  for (let i = 0; i < values.length; i++) into[i] = values[i]! * scales[i % columns]!;
}

/** False where the bits do not fit the values. */
function spread(mask: Uint8Array, values: Float32Array, into: Float32Array): boolean {
  if (mask.length !== Math.ceil(into.length / 8)) return false;
  let next = 0;
  for (let i = 0; i < 8 * mask.length; i++) {
    if (((mask[i >> 3]! >> (i & 7)) & 1) === 0) {
      if (i < into.length) into[i] = 0;
      continue;
    }
    if (i >= into.length || next >= values.length) return false;
    into[i] = values[next++]!;
  }
  return next === values.length;
}
