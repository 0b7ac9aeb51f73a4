import { tensor, type Tensor } from '../lake/safetensors.ts';
import { viewOf, type ParameterLayout } from '../model/parameters.ts';
import { stored, type Int8Matrix } from '../model/stored-parameters.ts';
import { namedTensors } from '../model/weights.ts';
import { productsOf, requireFinite } from './weights-of-products.ts';

/** −128 is left out, so that steps lie alike on both sides of 0. */
const LARGEST = 127;
/** The smallest float32 above 0. */
const LEAST_STEP = 2 ** -149;

/**
 * A matrix (rows × columns) as int8 with one step a column, the output that it sums up: no value moves by more than half
 * a step, and 0 stays 0 (symmetric; Jacob et al. 2018, arXiv:1712.05877; per channel: Krishnamoorthi 2018,
 * arXiv:1806.08342).
 */
export function quantiseColumns(data: Float32Array, columns: number): Int8Matrix {
  const largest = new Float32Array(columns);
  for (let i = 0; i < data.length; i++) {
    const column = i % columns;
    largest[column] = Math.max(largest[column]!, Math.abs(data[i]!));
  }
  const scales = largest.map(stepFor);
  return { values: Int8Array.from(data, (value, i) => Math.round(value / scales[i % columns]!)), scales };
}

/** Every parameter by its name, products as int8. */
export function quantisedTensors(weights: Float32Array, layout: ParameterLayout): Record<string, Tensor> {
  requireFinite(weights, layout);
  const tensors = namedTensors(weights, layout);
  for (const parameter of productsOf(layout)) {
    const { name, shape } = parameter;
    const { values, scales } = quantiseColumns(viewOf(weights, parameter), shape[1]);
    tensors[name] = tensor(values, shape);
    tensors[stored(name).scale] = tensor(scales, [1, shape[1]]);
  }
  return tensors;
}

/**
 * The float32 next to a 127th of the largest value; among the smallest numbers, where that would be too little by far,
 * the one above, and among the largest, where 127 of it would be infinite, the one below.
 */
function stepFor(largest: number): number {
  if (largest === 0) return 1;
  const step = Math.max(LEAST_STEP, Math.fround(largest / LARGEST));
  if (Math.round(largest / step) > LARGEST) return neighbour(step, 1);
  return Math.fround(step * LARGEST) === Infinity ? neighbour(step, -1) : step;
}

function neighbour(value: number, by: 1 | -1): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0]! += by;
  return new Float32Array(bits.buffer)[0]!;
}
