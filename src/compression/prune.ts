import { tensor, type Tensor } from '../lake/safetensors.ts';
import { viewOf, type ParameterLayout } from '../model/parameters.ts';
import { stored } from '../model/stored-parameters.ts';
import { namedTensors } from '../model/weights.ts';
import { productsOf, requireFinite } from './weights-of-products.ts';

/**
 * Sets the smallest weights of each product to 0, in place (magnitude pruning, Han et al. 2015, arXiv:1506.02626). By
 * matrix, not by one threshold for all: first values differ between matrices by their sizes (`layoutOf`), so that one
 * threshold would clear whole matrices and leave others as they are.
 */
export function prune(weights: Float32Array, layout: ParameterLayout, sparsity: number): void {
  requireFinite(weights, layout);
  for (const parameter of productsOf(layout)) {
    const values = viewOf(weights, parameter);
    const cut = Math.floor(sparsity * values.length);
    // Of equal ones the first, so that the share is as asked whatever the values.
    const order = Array.from(values.keys()).sort((a, b) => Math.abs(values[a]!) - Math.abs(values[b]!));
    for (const at of order.slice(0, cut)) values[at] = 0;
  }
}

/** Sets to 0, in place, what is 0 in `pattern`. */
export function keepZeros(weights: Float32Array, pattern: Float32Array, layout: ParameterLayout): void {
  for (const { offset, shape } of productsOf(layout)) {
    const end = offset + shape[0] * shape[1];
    for (let i = offset; i < end; i++) if (pattern[i] === 0) weights[i] = 0;
  }
}

/** Share of all weights that are 0. */
export const zerosOf = (weights: Float32Array): number =>
  weights.reduce((zeros, weight) => zeros + (weight === 0 ? 1 : 0), 0) / weights.length;

/** Every parameter by its name; products as bits and the values that are not 0, where that is less. */
export function sparseTensors(weights: Float32Array, layout: ParameterLayout): Record<string, Tensor> {
  const tensors = namedTensors(weights, layout);
  for (const parameter of productsOf(layout)) {
    const { name } = parameter;
    const { mask, values } = packed(viewOf(weights, parameter));
    if (mask.byteLength + values.byteLength >= tensors[name]!.data.byteLength) continue;
    delete tensors[name];
    tensors[stored(name).mask] = tensor(mask, [mask.length]);
    tensors[stored(name).values] = tensor(values, [values.length]);
  }
  return tensors;
}

function packed(data: Float32Array): { mask: Uint8Array; values: Float32Array } {
  const mask = new Uint8Array(Math.ceil(data.length / 8));
  data.forEach((value, i) => {
    if (value !== 0) mask[i >> 3]! |= 1 << (i & 7);
  });
  return { mask, values: data.filter((value) => value !== 0) };
}
